import { RotatedFile } from '../../src/system/rotated-file.ts';

// Appends so many lines, as one of several processes: FILE MARK LINES MAX-BYTES.
const [path = '', mark = '', lines = '', maxBytes = ''] = process.argv.slice(2);
const file = new RotatedFile(path, { maxBytes: Number(maxBytes), keepMs: 86_400_000, owner: null });
for (let line = 0; line < Number(lines); line += 1)
  file.append(`${mark} ${line} ${'x'.repeat(line % 300)}.\n`);
file.close();
