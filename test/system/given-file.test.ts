import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readGivenFile, readSecretFile } from '../../src/system/given-file.ts';
import { readKeyFile } from '../../src/certificates/key-file.ts';
import { generateKey, pemOf } from '../../src/certificates/key.ts';
import { prepareStateDir } from '../../src/certificates/state-dir.ts';
import { openssl } from '../certificates/openssl.ts';
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

describe('readKeyFile', () => {
  it.each([
    ['PKCS#8', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']],
    ['SEC1 with its parameters', ['ecparam', '-name', 'prime256v1', '-genkey']],
    ['PKCS#1', ['genrsa', '-traditional', '2048']],
  ])('gives %s as PKCS#8', async (_case, args) => {
    const path = join(await makeScratchDirectory(), 'key.pem');
    await writeFile(path, openssl(args), { mode: 0o600 });
    expect(await readKeyFile(path)).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it.each([
    [
      'a passphrase',
      openssl([
        'genpkey',
        '-algorithm',
        'EC',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-aes256',
        '-pass',
        'pass:x',
      ]),
      'passphrase',
    ],
    ['a file without a key', 'hello', 'no private key'],
  ])('refuses %s', async (_case, content, part) => {
    const path = join(await makeScratchDirectory(), 'key.pem');
    await writeFile(path, content, { mode: 0o600 });
    await expect(readKeyFile(path)).rejects.toMatchObject({
      code: 'bad-file',
      message: expect.stringContaining(part) as string,
    });
  });

  it('refuses a key that others may read', async () => {
    const path = join(await makeScratchDirectory(), 'key.pem');
    await writeFile(path, pemOf(await generateKey('ec256')), { mode: 0o644 });
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'bad-file', hint: `chmod 600 ${path}` });
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
