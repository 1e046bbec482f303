import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { faultsOf, openssl } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

const day = 86_400;

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;

beforeAll(async () => {
  lab = await startPebble({
    alternateRoots: 1,
    profiles: {
      default: { description: 'The usual one', validityPeriod: 90 * day },
      shortlived: { description: 'Six days', validityPeriod: 6 * day },
    },
  });
  here = await newInstallation(lab);
  webServer = await serveWebroot(here.webroot, lab.httpPort);
});

afterAll(async () => {
  await webServer.stop();
  await lab.stop();
  await here.remove();
});

function issue(...args: string[]): Promise<ProgramResult> {
  return here.run(['issue', '--webroot', here.webroot, ...args]);
}

async function leaf(name: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path.join(here.certificate(name), 'cert.pem')));
}

describe('--key-type', () => {
  // Each type as it is made: test/certificates/key.test.ts.
  it.concurrent.each([
    { type: 'ec384', says: ['384 bit', 'secp384r1'] },
    { type: 'rsa2048', says: ['2048 bit', 'rsaEncryption'] },
    { type: 'rsa4096', says: ['4096 bit', 'rsaEncryption'] },
  ])(
    '$type is the key that is certified',
    async ({ type, says }) => {
      const names = [`${type}.test`];
      expect(await issue(...names, '--key-type', type)).toMatchObject({ exitCode: 0, stderr: '' });
      const directory = here.certificate(names[0]!);
      expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
      const { stdout } = await openssl('x509', '-noout', '-text', '-in', path.join(directory, 'cert.pem'));
      for (const text of says) expect(stdout).toContain(text);
    },
    60_000,
  );

  it('is slower to make than the CA to refuse: nothing of it is left behind the failed order', async () => {
    const elsewhere = path.join(here.webroot, 'elsewhere');
    await mkdir(elsewhere);
    const result = await here.run(['issue', 'refused.test', '--webroot', elsewhere, '--key-type', 'rsa4096']);
    expect(result).toMatchObject({ exitCode: 1, stdout: 'refused.test: failed\n' });
    expect(result.stderr).not.toContain('WARN');
    const [order] = here.rows<{ id: number }>(
      `select id from orders where certificate_name = 'refused.test'`,
    );
    expect(existsSync(path.join(here.stateDir, 'orders', String(order!.id)))).toBe(false);
  }, 180_000);
});

describe('--reuse-key', () => {
  it.concurrent(
    'keeps the key, and so does each issue until --no-reuse-key; a new certificate has a new one then',
    async () => {
      const keys: string[] = [];
      for (const options of [[], ['--reuse-key'], [], ['--no-reuse-key']]) {
        expect(await issue('reuse.test', '--force', ...options)).toMatchObject({ exitCode: 0 });
        keys.push(await readFile(path.join(here.certificate('reuse.test'), 'privkey.pem'), 'utf8'));
      }
      expect(keys[1]).toBe(keys[0]);
      expect(keys[2]).toBe(keys[0]);
      expect(keys[3]).not.toBe(keys[0]);
    },
  );
});

describe('--csr', () => {
  it.concurrent.each(['PEM', 'DER'])(
    'takes names and key of a request in %s, and keeps no private key',
    async (form) => {
      const names = [`csr-${form.toLowerCase()}.test`, `www.csr-${form.toLowerCase()}.test`];
      const [csr, key] = [here.file(`${form}.csr`), here.file(`${form}.key`)];
      const extension = `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`;
      const request = ['-subj', '/', '-addext', extension, '-outform', form, '-out', csr];
      const made = await openssl(
        ...['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key],
        ...request,
      );
      expect(made.exitCode).toBe(0);
      expect(await issue('--csr', csr)).toMatchObject({ exitCode: 0, stderr: '' });
      const directory = here.certificate(names[0]!);
      const rootPem = await lab.root();
      expect(await faultsOf({ directory, names, rootPem, hasKey: false })).toEqual([]);
      const own = await openssl('pkey', '-in', key, '-pubout');
      const pubkey = (await leaf(names[0]!)).publicKey.export({ type: 'spki', format: 'pem' });
      expect(pubkey).toBe(own.stdout);
    },
  );
});

describe('--profile', () => {
  it.concurrent('decides how long the certificate lives', async () => {
    expect(await issue('brief.test', '--profile', 'shortlived')).toMatchObject({ exitCode: 0 });
    expect(await issue('usual.test', '--profile', 'default')).toMatchObject({ exitCode: 0 });
    expect(lifeSeconds(await leaf('brief.test'))).toBeCloseTo(6 * day, -2);
    expect(lifeSeconds(await leaf('usual.test'))).toBeCloseTo(90 * day, -2);
  });

  it.concurrent('is refused before anything is ordered when the CA has no such profile', async () => {
    const result = await issue('odd.test', '--profile', 'nonesuch');
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toMatch(/^error: .*nonesuch/m);
    expect(result.stderr).toMatch(/^hint: its profiles are: default, shortlived$/m);
    expect(existsSync(here.certificate('odd.test'))).toBe(false);
    expect(here.rows(`select id from authorizations where identifier = 'odd.test'`)).toEqual([]);
    expect(
      here.rows(`select status, reserved from orders where names like '%odd.test%'
                 and (status not in ('invalid', 'abandoned') or reserved > 0 or run_id is not null)`),
    ).toEqual([]);
  });
});

describe('--preferred-chain', () => {
  it.concurrent('stores the chain that ends at that root', async () => {
    const other = await lab.root(1);
    const [, commonName = ''] = /CN=(.*)/.exec(new X509Certificate(other).subject) ?? [];
    expect(await issue('other-root.test', '--preferred-chain', commonName)).toMatchObject({
      exitCode: 0,
      stderr: '',
    });
    const directory = here.certificate('other-root.test');
    const names = ['other-root.test'];
    expect(await faultsOf({ directory, names, rootPem: other })).toEqual([]);
    expect(await faultsOf({ directory, names, rootPem: await lab.root(0) })).toEqual([
      expect.stringContaining('openssl verify'),
    ]);
  });

  it.concurrent('stores the default chain where the CA offers none of that name, and says so', async () => {
    const result = await issue('no-such-root.test', '--preferred-chain', 'Nobody Root');
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toContain('Nobody Root');
    const directory = here.certificate('no-such-root.test');
    const rootPem = await lab.root(0);
    expect(await faultsOf({ directory, names: ['no-such-root.test'], rootPem })).toEqual([]);
  });
});

function lifeSeconds({ validFrom, validTo }: X509Certificate): number {
  return (Date.parse(validTo) - Date.parse(validFrom)) / 1000;
}

describe('-v', () => {
  it('says what is done, step by step', async () => {
    const { stderr, exitCode } = await issue('steps.test', '-v');
    expect(exitCode).toBe(0);
    const steps = ['has its order', 'the CA validates', 'every name is proven', 'the certificate is stored'];
    const places = steps.map((step) => stderr.indexOf(step));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(stderr.split('\n').filter((line) => line !== '')).toHaveLength(steps.length);
  });
});
