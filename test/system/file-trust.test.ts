import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { distrustOf } from '../../src/system/file-trust.ts';
import { makeScratchDirectory } from '../certificates/scratch-directory.ts';

const nobody = 65_534;
const self = process.geteuid?.() ?? 0;

async function newFile(): Promise<{ directory: string; path: string }> {
  const directory = join(await makeScratchDirectory(), 'a b');
  mkdirSync(directory, { mode: 0o755 });
  const path = join(directory, 'file');
  writeFileSync(path, '', { mode: 0o644 });
  return { directory, path };
}

describe('a file is obeyed', () => {
  it('when only root and this user can change it, also in a directory such as /tmp', async () => {
    const { directory, path } = await newFile();
    expect(distrustOf(path)).toBeNull();
    chmodSync(directory, 0o1777);
    expect(distrustOf(path)).toBeNull();
    expect(distrustOf('/etc/passwd')).toBeNull();
    expect(distrustOf(join(directory, 'nothing'))).toBeNull();
  });
});

describe('a file is not obeyed', () => {
  it.each([
    [0o664, 'its group (mode 0664)'],
    [0o666, 'everybody (mode 0666)'],
    [0o602, 'everybody (mode 0602)'],
  ])('of mode %o, and the command that mends it is told', async (mode, who) => {
    const { path } = await newFile();
    chmodSync(path, mode);
    expect(distrustOf(path)).toEqual({ reason: `may be changed by ${who}`, hint: `chmod go-w '${path}'` });
  });

  it('in a directory that others may change, one command for all of them', async () => {
    const { directory, path } = await newFile();
    chmodSync(directory, 0o775);
    chmodSync(path, 0o664);
    expect(distrustOf(path)).toEqual({
      reason: 'may be changed by its group (mode 0664)',
      hint: `chmod go-w '${path}' '${directory}'`,
    });
    chmodSync(path, 0o644);
    expect(distrustOf(path)).toEqual({
      reason: `is in ${directory}, which may be changed by its group (mode 0775)`,
      hint: `chmod go-w '${directory}'`,
    });
  });

  it('to which a link leads that others could change', async () => {
    const { directory, path } = await newFile();
    const link = join(await makeScratchDirectory(), 'link');
    symlinkSync(path, link);
    expect(distrustOf(link)).toBeNull();
    chmodSync(directory, 0o775);
    expect(distrustOf(link)?.hint).toBe(`chmod go-w '${directory}'`);
  });

  // Only root can give a file to another user, which is what these are about; CI is root.
  it.skipIf(self !== 0)('of another user, or in a directory of one, or through a link of one', async () => {
    const { directory, path } = await newFile();
    const link = join(await makeScratchDirectory(), 'link');
    symlinkSync(path, link);
    lchownSync(link, nobody, nobody);
    expect(distrustOf(link)?.reason).toBe('belongs to user 65534');
    chownSync(path, nobody, nobody);
    expect(distrustOf(path)).toEqual({
      reason: 'belongs to user 65534',
      hint: `if you know what it says: chown root '${path}'`,
    });
    expect(distrustOf(path, nobody)).toBeNull();
    chownSync(path, 0, 0);
    chownSync(directory, nobody, nobody);
    expect(distrustOf(path)?.reason).toBe(`is in ${directory}, which belongs to user 65534`);
    chmodSync(directory, 0o1777);
    expect(distrustOf(path)?.reason).toBe(`is in ${directory}, which belongs to user 65534`);
    expect(distrustOf(path, nobody)).toBeNull();
  });
});
