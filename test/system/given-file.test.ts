import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGivenFile, readSecretFile } from '../../src/system/given-file.ts';
import { prepareStateDir } from '../../src/certificates/state-dir.ts';
import { makeScratchDirectory } from '../certificates/scratch-directory.ts';

describe('readGivenFile', () => {
  it('does not wait for a pipe that nobody writes to', async () => {
    const path = join(await makeScratchDirectory(), 'pipe');
    execFileSync('mkfifo', [path]);
    await expect(readGivenFile({ path, what: 'the CSR', maxBytes: 10 })).rejects.toMatchObject({
      code: 'bad-file',
    });
  });

  it('shows control characters of a path instead of obeying them', async () => {
    await expect(
      readGivenFile({ path: '/x\u001b[31m', what: 'the CSR', maxBytes: 10 }),
    ).rejects.toMatchObject({
      message: expect.stringContaining('/x\\x1b[31m') as string,
    });
  });
});

describe('readSecretFile', () => {
  it.each([0o640, 0o604, 0o620, 0o644])('refuses mode %o and says how to change it', async (mode) => {
    const path = join(await makeScratchDirectory(), 'the key');
    await writeFile(path, 'secret');
    await chmod(path, mode);
    await expect(readSecretFile({ path, what: 'the key file', maxBytes: 100 })).rejects.toMatchObject({
      code: 'bad-file',
      hint: `chmod 600 '${path}'`,
      message: expect.not.stringContaining('secret') as string,
    });
  });
});

describe('prepareStateDir', () => {
  it('makes it for the owner alone, with what is above it', async () => {
    const path = join(await makeScratchDirectory(), 'a', 'b');
    await prepareStateDir(path);
    await prepareStateDir(path);
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    expect(await readdir(path)).toEqual([]);
  });

  it('refuses one that others may write to', async () => {
    const path = join(await makeScratchDirectory(), 'open');
    await mkdir(path);
    await chmod(path, 0o1777);
    await expect(prepareStateDir(path)).rejects.toMatchObject({
      code: 'state-dir',
      hint: `chmod 700 ${path}`,
    });
  });

  it('refuses a path below a file', async () => {
    const path = join(await makeScratchDirectory(), 'file');
    await writeFile(path, '');
    await expect(prepareStateDir(join(path, 'state'))).rejects.toMatchObject({ code: 'state-dir' });
    await expect(prepareStateDir(path)).rejects.toMatchObject({ code: 'state-dir' });
  });
});
