import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const code = `
import { createOutput } from './src/cli/output/output.ts';
const output = createOutput({ json: false, quiet: false, progress: true });
const bar = await output.progress('URLs');
bar.expect(2);
output.line(null, () => 'first');
bar.done();
bar.stop();
output.line(null, () => 'last');
`;

it('results on the same terminal take the place of the bar, and stay when it goes', async () => {
  const { stdout } = await promisify(execFile)(
    'script',
    ['-qec', `"${process.execPath}" --import tsx --input-type=module -e "$CODE"`, '/dev/null'],
    { env: { ...process.env, CODE: code } },
  );
  expect(stdout).toMatch(/0\/2 URLs/);
  expect(stdout).toContain('\r\u001b[Kfirst\r\n');
  expect(stdout.endsWith('\u001b[2Klast\r\n')).toBe(true);
  // To save the cursor's place and to go back to it.
  for (const placing of ['\u001b7', '\u001b8']) expect(stdout).not.toContain(placing);
});
