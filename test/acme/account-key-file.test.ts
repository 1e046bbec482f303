import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadOrCreateAccountKey, readAccountKey, writeAccountKey } from '../../src/acme/account-key-file.ts';
import { generateAccountKey } from '../../src/acme/http/account-key.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'acme-ledger-key-'));
  file = path.join(folder, 'accounts', 'ca.pem');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('a new key is for its owner alone, and nothing else is left beside it', async () => {
  const { pem, isNew } = await loadOrCreateAccountKey(file);
  expect(isNew).toBe(true);
  expect(await readFile(file, 'utf8')).toBe(pem);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
  expect(await readdir(path.dirname(file))).toEqual(['ca.pem']);
  expect(await loadOrCreateAccountKey(file)).toEqual({ pem, isNew: false });
});

test('many that make the key at once all get the same', async () => {
  const keys = await Promise.all(Array.from({ length: 12 }, () => loadOrCreateAccountKey(file)));
  expect(new Set(keys.map(({ pem }) => pem)).size).toBe(1);
  expect(keys.filter(({ isNew }) => isNew)).toHaveLength(1);
  expect(await readdir(path.dirname(file))).toEqual(['ca.pem']);
});

test('a key that is there is never replaced', async () => {
  const { pem } = await loadOrCreateAccountKey(file);
  expect(await writeAccountKey(file, generateAccountKey())).toBe(false);
  expect(await readAccountKey(file)).toBe(pem);
});

test('a key that others may read is refused with the command that mends it, unless it is allowed', async () => {
  await writeFile(path.join(folder, 'k.pem'), generateAccountKey(), { mode: 0o600 });
  for (const mode of [0o640, 0o604]) {
    await chmod(path.join(folder, 'k.pem'), mode);
    await expect(readAccountKey(path.join(folder, 'k.pem'))).rejects.toMatchObject({
      code: 'bad-file',
      hint: `chmod 600 ${folder}/k.pem`,
    });
  }
  expect(await readAccountKey(path.join(folder, 'k.pem'), { allowReadable: true })).toContain('PRIVATE KEY');
});

test('what is no key is left as it is', async () => {
  const damaged = path.join(folder, 'damaged.pem');
  await writeFile(damaged, 'half a key', { mode: 0o600 });
  await expect(loadOrCreateAccountKey(damaged)).rejects.toMatchObject({
    code: 'bad-file',
    message: expect.stringContaining(damaged) as string,
  });
  expect(await readFile(damaged, 'utf8')).toBe('half a key');
  await expect(readAccountKey(folder)).rejects.toMatchObject({ code: 'bad-file' });
  await expect(readAccountKey(path.join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' });
});

test('a folder that cannot be made is an error of the state directory', async () => {
  await symlink('/dev/null', path.join(folder, 'taken'));
  await expect(loadOrCreateAccountKey(path.join(folder, 'taken', 'ca.pem'))).rejects.toMatchObject({
    code: expect.stringMatching(/state-dir|bad-file/) as string,
  });
  await expect(writeAccountKey(path.join(folder, 'taken', 'ca.pem'), 'x')).rejects.toMatchObject({
    code: 'state-dir',
  });
});
