import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeDirectories } from '../../src/system/directories.ts';
import { bundledScript } from '../support/bundled-script.ts';

let place: string;
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'acme-ledger-directories-'));
});
afterEach(() => {
  rmSync(place, { recursive: true });
});

it('makes what is missing for the owner alone and tells the topmost', () => {
  expect(makeDirectories(join(place, 'a/b/c'))).toBe(join(place, 'a'));
  for (const made of ['a', 'a/b', 'a/b/c']) expect(statSync(join(place, made)).mode & 0o777).toBe(0o700);
  expect(makeDirectories(join(place, 'a/b/c'))).toBeUndefined();
});

it('makes the same directory in four processes at once', async () => {
  const script = await bundledScript(new URL('../directory-maker.ts', import.meta.url));
  await Promise.all(Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, [script, place])));
  for (let i = 0; i < 200; i += 1) expect(existsSync(join(place, String(i), 'y/z'))).toBe(true);
});

it('fails at a file in the way', () => {
  writeFileSync(join(place, 'file'), '');
  expect(() => makeDirectories(join(place, 'file'))).toThrow(
    expect.objectContaining({ code: 'EEXIST' }) as Error,
  );
  expect(() => makeDirectories(join(place, 'file/below'))).toThrow(
    expect.objectContaining({ code: 'ENOTDIR' }) as Error,
  );
});

it.runIf(process.platform === 'linux')('fails below /proc instead of trying for ever', () => {
  expect(() => makeDirectories('/proc/nosuch/directory')).toThrow(
    expect.objectContaining({ code: 'ENOENT' }) as Error,
  );
});
