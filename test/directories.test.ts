import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeDirectories } from '../src/directories.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'acme-ledger-directories-'));
});
afterEach(() => {
  rmSync(place, { recursive: true });
});

it('makes what is missing for the owner alone and tells the topmost', async () => {
  expect(await makeDirectories(join(place, 'a/b/c'))).toBe(join(place, 'a'));
  for (const made of ['a', 'a/b', 'a/b/c']) expect(statSync(join(place, made)).mode & 0o777).toBe(0o700);
  expect(await makeDirectories(join(place, 'a/b/c'))).toBeUndefined();
});

it('makes the same directory from twenty callers at once', async () => {
  const path = join(place, 'x/y/z');
  await Promise.all(Array.from({ length: 20 }, () => makeDirectories(path)));
  expect(existsSync(path)).toBe(true);
});

it('fails at a file in the way', async () => {
  writeFileSync(join(place, 'file'), '');
  await expect(makeDirectories(join(place, 'file'))).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeDirectories(join(place, 'file/below'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});

it.runIf(process.platform === 'linux')('fails below /proc instead of trying for ever', async () => {
  await expect(makeDirectories('/proc/nosuch/directory')).rejects.toMatchObject({ code: 'ENOENT' });
});
