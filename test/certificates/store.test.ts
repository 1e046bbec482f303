import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rename, stat, utimes, writeFile, cp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { generateKey, pemOf } from '../../src/certificates/key.ts';
import { readStored, removeStored, storeCertificate } from '../../src/certificates/store.ts';
import { makeAuthority, type Authority } from './authority.ts';
import { makeScratchDirectory } from './scratch-directory.ts';

const name = 'example.com';
let authority: Authority;
let keyPem: string;
let chainPem: string;

beforeAll(async () => {
  authority = await makeAuthority('Root X', 'Intermediate Y');
  keyPem = pemOf(await generateKey('ec256'));
  chainPem = await authority.issue({ names: ['example.com', '*.example.com', '2001:db8::1'], keyPem });
});

describe('storeCertificate', () => {
  it('puts up the four files, the key readable by its owner alone', async () => {
    const stateDir = await makeScratchDirectory();
    const paths = await storeCertificate(stateDir, name, { chainPem, keyPem });
    expect(paths.directory).toBe(join(stateDir, 'certificates', name));
    const [fullchain, cert, chain, privkey] = await Promise.all(
      [paths.fullchain, paths.cert, paths.chain, paths.privkey ?? ''].map((path) => readFile(path, 'utf8')),
    );
    expect(fullchain).toBe(`${cert ?? ''}${chain ?? ''}`);
    expect(new X509Certificate(cert ?? '').subjectAltName).toContain('*.example.com');
    expect(new X509Certificate(chain ?? '').subject).toBe('CN=Intermediate Y');
    expect(privkey).toBe(keyPem);
    expect((await stat(paths.privkey ?? '')).mode & 0o777).toBe(0o600);
  });

  it('makes every directory for the owner alone', async () => {
    const stateDir = await makeScratchDirectory();
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    for (const directory of [
      'certificates',
      `certificates/${name}`,
      'certificate-versions',
      `certificate-versions/${name}`,
    ]) {
      expect((await stat(join(stateDir, directory))).mode & 0o777, directory).toBe(0o700);
    }
  });

  it('leaves no key file of the certificate before when the key is kept by a person', async () => {
    const stateDir = await makeScratchDirectory();
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    const paths = await storeCertificate(stateDir, name, { chainPem, keyPem: null });
    expect(paths.privkey).toBeNull();
    expect((await readdir(paths.directory)).sort()).toEqual(['cert.pem', 'chain.pem', 'fullchain.pem']);
  });

  it('still finds its files when the state directory was moved', async () => {
    const stateDir = await makeScratchDirectory();
    await storeCertificate(join(stateDir, 'a'), name, { chainPem, keyPem });
    await rename(join(stateDir, 'a'), join(stateDir, 'b'));
    expect(await readStored(join(stateDir, 'b'), name)).toMatchObject({
      names: ['example.com', '*.example.com', '2001:db8::1'],
    });
  });

  it('keeps the version before and removes older ones and what a crash left an hour ago', async () => {
    const stateDir = await makeScratchDirectory();
    const versions = join(stateDir, 'certificate-versions', name);
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    const first = await readdir(versions);
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    const before = (await readdir(versions)).filter((entry) => !first.includes(entry));
    await mkdir(join(versions, 'half-written'));
    for (const entry of await readdir(versions)) {
      const longAgo = Date.now() / 1000 - 3 * 60 * 60;
      await utimes(join(versions, entry), longAgo, longAgo);
    }
    await mkdir(join(versions, 'of-another-process'));
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    const after = await readdir(versions);
    expect(after).toHaveLength(3);
    expect(after).toEqual(expect.arrayContaining([...before, 'of-another-process']));
  });

  it('leaves a directory that it did not make as it is and says how to go on', async () => {
    const stateDir = await makeScratchDirectory();
    await mkdir(join(stateDir, 'certificates', name), { recursive: true });
    await writeFile(join(stateDir, 'certificates', name, 'fullchain.pem'), 'mine');
    await expect(storeCertificate(stateDir, name, { chainPem, keyPem })).rejects.toMatchObject({
      code: 'store',
      hint: expect.stringContaining('mv ') as string,
    });
    expect(await readFile(join(stateDir, 'certificates', name, 'fullchain.pem'), 'utf8')).toBe('mine');
  });

  it.each([
    ['an unreadable chain', 'no PEM at all'],
    ['a damaged certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'],
  ])('refuses %s and keeps what is there', async (_case, broken) => {
    const stateDir = await makeScratchDirectory();
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    const before = await readlink(join(stateDir, 'certificates', name));
    await expect(storeCertificate(stateDir, name, { chainPem: broken, keyPem })).rejects.toMatchObject({
      code: 'store',
    });
    expect(await readlink(join(stateDir, 'certificates', name))).toBe(before);
  });

  it('refuses a name that leaves its folder before it writes anything', async () => {
    const stateDir = await makeScratchDirectory();
    await expect(storeCertificate(stateDir, '../evil', { chainPem, keyPem })).rejects.toMatchObject({
      code: 'bad-name',
    });
    expect(await readdir(stateDir)).toEqual([]);
  });

  it('serves many stores of one name at once', async () => {
    const stateDir = await makeScratchDirectory();
    await Promise.all(
      Array.from({ length: 8 }, () => storeCertificate(stateDir, name, { chainPem, keyPem })),
    );
    expect(await readStored(stateDir, name)).toMatchObject({ name });
  });
});

describe('readStored', () => {
  it('tells what is stored', async () => {
    const stateDir = await makeScratchDirectory();
    const paths = await storeCertificate(stateDir, name, { chainPem, keyPem });
    const leaf = new X509Certificate(chainPem);
    expect(await readStored(stateDir, name)).toEqual({
      name,
      names: ['example.com', '*.example.com', '2001:db8::1'],
      serial: leaf.serialNumber.toLowerCase(),
      notBefore: new Date(leaf.validFrom),
      notAfter: new Date(leaf.validTo),
      issuerCommonName: 'Intermediate Y',
      keyType: 'ec256',
      paths,
    });
  });

  it('is null where nothing is stored', async () => {
    expect(await readStored(await makeScratchDirectory(), name)).toBeNull();
  });

  it('reads a copy whose link became a directory', async () => {
    const stateDir = await makeScratchDirectory();
    await storeCertificate(join(stateDir, 'a'), name, { chainPem, keyPem });
    await cp(join(stateDir, 'a'), join(stateDir, 'b'), { recursive: true, dereference: true });
    expect(await readStored(join(stateDir, 'b'), name)).toMatchObject({ name, keyType: 'ec256' });
  });

  it('names the file that is damaged', async () => {
    const stateDir = await makeScratchDirectory();
    const paths = await storeCertificate(stateDir, name, { chainPem, keyPem });
    await writeFile(paths.fullchain, '');
    await expect(readStored(stateDir, name)).rejects.toMatchObject({
      code: 'store',
      message: expect.stringContaining(paths.fullchain) as string,
    });
  });
});

describe('removeStored', () => {
  it('removes every version with its key', async () => {
    const stateDir = await makeScratchDirectory();
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    await storeCertificate(stateDir, name, { chainPem, keyPem });
    expect(await removeStored(stateDir, name)).toBe(true);
    expect(await readdir(join(stateDir, 'certificates'))).toEqual([]);
    expect(await readdir(join(stateDir, 'certificate-versions'))).toEqual([]);
    expect(await removeStored(stateDir, name)).toBe(false);
  });
});
