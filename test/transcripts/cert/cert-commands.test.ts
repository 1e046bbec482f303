import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpsRequest } from '../../support/https-request.ts';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ lab, proxy, here } = stage);
});

afterAll(() => stage.stop());

beforeEach(() => {
  proxy.resetCounts();
});

async function issue(...args: string[]): Promise<void> {
  expect(await here.run(['issue', ...args, '--webroot', here.webroot])).toMatchObject({ exitCode: 0 });
  proxy.resetCounts();
}

async function show(name: string): Promise<Record<string, unknown>> {
  const result = await here.run(['cert', 'show', name, '--json']);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  return jsonOf(result);
}

async function leaf(name: string): Promise<X509Certificate> {
  return new X509Certificate(await readFile(path.join(here.certificate(name), 'cert.pem')));
}

/** What Pebble itself says of a certificate. */
async function statusAtCa(serial: string): Promise<string> {
  const url = `${lab.managementUrl}/cert-status-by-serial/${serial}`;
  return (JSON.parse((await httpsRequest(url, { ca: lab.caPem })).body) as { Status: string }).Status;
}

describe('cert list and cert show', () => {
  it('show what should exist and what exists, and ask nobody', async () => {
    await issue('shown.test', 'www.shown.test', '--key-type', 'ec384', '--cert-name', 'web');
    const shown = await show('web');
    const certificate = await leaf('web');
    const file = (name: string): string => path.join(here.certificate('web'), name);
    expect(shown).toMatchObject({
      name: 'web',
      names: ['shown.test', 'www.shown.test'],
      ca: proxy.directoryUrl,
      keyType: 'ec384',
      profile: null,
      serial: certificate.serialNumber.toLowerCase(),
      notBefore: new Date(certificate.validFrom).toISOString(),
      notAfter: new Date(certificate.validTo).toISOString(),
      dueAt: time,
      storedAt: time,
      deployedAt: time,
      revokedAt: null,
      deployHook: null,
      settings: { solver: 'webroot', challenge: 'http-01', webroot: here.webroot },
      lastError: null,
      paths: { fullchain: file('fullchain.pem'), privkey: file('privkey.pem') },
    });
    expect(jsonLines(await here.run(['cert', 'list', '--json']))).toContainEqual(shown);
    const list = await here.run(['cert', 'list']);
    expect(list).toMatchObject({ exitCode: 0, stderr: '' });
    expect(list.stdout).toMatch(/^NAME .*\nweb +2 /);
    expect((await here.run(['cert', 'show', 'web'])).stdout).toContain(file('privkey.pem'));
    expect(proxy.requests).toEqual([]);
  });

  it('show the others, too, where the files of one can not be read', async () => {
    for (const name of ['whole.test', 'unreadable.test']) await issue(name);
    const file = path.join(here.certificate('unreadable.test'), 'fullchain.pem');
    await rm(file);
    await mkdir(file);
    expect(await here.run(['cert', 'list'])).toMatchObject({ exitCode: 0, stderr: '' });
    const list = await here.run(['cert', 'list', '--json']);
    expect(list.exitCode).toBe(1);
    expect(list.stderr).toMatch(/^error: the certificate in .*unreadable\.test can't be read: EISDIR/);
    expect(jsonLines(list)).toContainEqual(await show('whole.test'));
    expect(jsonLines(list)).toContainEqual(expect.objectContaining({ name: 'unreadable.test', paths: null }));
    await here.run(['cert', 'remove', 'unreadable.test']);
  });

  it('show why the last attempt failed', async () => {
    await lab.challtestsrv.setServfail('broken.test');
    await here.run(['issue', 'broken.test', '--webroot', here.webroot]);
    expect(await show('broken.test')).toMatchObject({
      serial: null,
      notAfter: null,
      storedAt: null,
      lastError: { code: 'authorization-invalid' },
      paths: null,
    });
    expect(await here.run(['cert', 'remove', 'broken.test'])).toMatchObject({ exitCode: 0 });
  });

  it.each(['show', 'remove', 'revoke'])('%s refuses a name that it does not know', async (command) => {
    const result = await here.run(['cert', command, 'unknown.test']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: .*unknown\.test\nhint: acme-ledger cert list/);
  });
});

describe('cert add', () => {
  it('sends nothing, and the next renew issues what it wrote down', async () => {
    const add = ['cert', 'add', 'added.test', 'www.added.test', '--webroot', here.webroot, '--json'];
    const names = ['added.test', 'www.added.test'];
    expect(jsonOf(await here.run(add))).toEqual({
      name: 'added.test',
      names,
      outcome: 'added',
      adopted: false,
    });
    expect(jsonOf(await here.run(add))).toEqual({
      name: 'added.test',
      names,
      outcome: 'unchanged',
      adopted: false,
    });
    expect(proxy.requests).toEqual([]);
    const renewed = jsonLines(await here.run(['renew', 'added.test', '--json']));
    expect(renewed[0]).toEqual({ name: 'added.test', status: 'issued', error: null });
    expect(await show('added.test')).toMatchObject({ names, notAfter: time, lastError: null });
    // With another kind of key it is another certificate, and the one that stands goes on until the renewal.
    expect(jsonOf(await here.run([...add, '--key-type', 'ec384']))).toMatchObject({ outcome: 'changed' });
    const [due] = jsonLines(await here.run(['renew', 'added.test', '--dry-run', '--json']));
    expect(due).toMatchObject({ name: 'added.test', reason: 'changed' });
  });

  it.each([
    [['*.wild.test', '--webroot', '.'], /^error: the wildcard/],
    [['no-way.test'], /^error: nothing says how to prove/],
    [['a.test', '--cert-name', '../a', '--webroot', '.'], /^error: .*can't name a certificate/],
    [['a.test', '--csr', '/nowhere.csr', '--webroot', '.'], /^error: the CSR/],
    [['a.test', '--key-type', 'dsa', '--webroot', '.'], /^error: --key-type/],
  ])('refuses what issue refuses, and writes nothing: %j', async (args, message) => {
    const before = here.rows('select * from certificates');
    const result = await here.run(['cert', 'add', ...args]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(message);
    expect(here.rows('select * from certificates')).toEqual(before);
  });
});

describe('cert remove', () => {
  it('ends the renewals and keeps the files', async () => {
    await issue('kept.test');
    const result = await here.run(['cert', 'remove', 'kept.test', '--json']);
    expect(jsonOf(result)).toEqual({ name: 'kept.test', removed: true, filesDeleted: false });
    expect((await here.run(['cert', 'list'])).stdout).not.toContain('kept.test');
    expect((await here.run(['renew', '--all', '--dry-run'])).stdout).not.toContain('kept.test');
    expect(existsSync(path.join(here.certificate('kept.test'), 'privkey.pem'))).toBe(true);
    expect(await here.run(['cert', 'show', 'kept.test'])).toMatchObject({ exitCode: 2 });
    expect(proxy.requests).toEqual([]);
  });

  it('deletes the files and the key with --delete-files, and nothing beside them', async () => {
    await issue('gone.test');
    await issue('beside.test');
    const result = await here.run(['cert', 'remove', 'gone.test', '--delete-files', '--json']);
    expect(jsonOf(result)).toEqual({ name: 'gone.test', removed: true, filesDeleted: true });
    expect(existsSync(here.certificate('gone.test'))).toBe(false);
    expect(existsSync(path.join(here.stateDir, 'certificate-versions/gone.test'))).toBe(false);
    const directory = here.certificate('beside.test');
    expect(await faultsOf({ directory, names: ['beside.test'], rootPem: await lab.root() })).toEqual([]);
  });

  it('takes several names, each once, and none of them when one is unknown', async () => {
    for (const name of ['one.test', 'two.test'])
      await here.run(['cert', 'add', name, '--webroot', here.webroot]);
    expect(await here.run(['cert', 'remove', 'one.test', 'three.test'])).toMatchObject({ exitCode: 2 });
    expect((await here.run(['cert', 'list'])).stdout).toContain('one.test');
    const removed = jsonLines(
      await here.run(['cert', 'remove', 'one.test', 'two.test', 'one.test', '--json']),
    );
    expect(removed.map(({ name }) => name)).toEqual(['one.test', 'two.test']);
    expect((await here.run(['cert', 'list'])).stdout).not.toMatch(/one\.test|two\.test/);
  });

  it('is undone by issuing again', async () => {
    await issue('back.test');
    await here.run(['cert', 'remove', 'back.test']);
    await issue('back.test');
    expect(await show('back.test')).toMatchObject({ name: 'back.test', lastError: null });
  });
});

describe('cert revoke', () => {
  it('revokes at the CA, and the next renew replaces the certificate', async () => {
    await issue('revoked.test');
    const serial = (await leaf('revoked.test')).serialNumber.toLowerCase();
    expect(await statusAtCa(serial)).toBe('Valid');
    const result = await here.run(['cert', 'revoke', 'revoked.test', '--reason', 'superseded', '--json']);
    expect(result).toMatchObject({ exitCode: 0, stderr: '' });
    expect(jsonOf(result)).toEqual({
      name: 'revoked.test',
      serial,
      outcome: 'revoked',
      replacedByRenew: true,
      paused: null,
    });
    expect(await statusAtCa(serial)).toBe('Revoked');
    const shown = await show('revoked.test');
    expect(shown['revokedAt']).toEqual(time);
    expect(Date.parse(String(shown['dueAt']))).toBeLessThanOrEqual(Date.now());
    const again = await here.run(['cert', 'revoke', 'revoked.test', '--json']);
    expect(jsonOf(again)).toMatchObject({ outcome: 'already-revoked' });
    const [due] = jsonLines(await here.run(['renew', 'revoked.test', '--dry-run', '--json']));
    expect(due).toMatchObject({ name: 'revoked.test', reason: 'revoked' });
    expect(await here.run(['renew', 'revoked.test'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const renewed = (await leaf('revoked.test')).serialNumber.toLowerCase();
    expect(renewed).not.toBe(serial);
    expect(await statusAtCa(renewed)).toBe('Valid');
    expect(await show('revoked.test')).toMatchObject({ serial: renewed, revokedAt: null });
  });

  it('refuses a reason that there is not, before anything is sent', async () => {
    await issue('reason.test');
    const result = await here.run(['cert', 'revoke', 'reason.test', '--reason', 'boredom']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: .*boredom.*\nhint: .*keyCompromise/);
    expect(proxy.requests).toEqual([]);
    expect(await statusAtCa((await leaf('reason.test')).serialNumber.toLowerCase())).toBe('Valid');
  });
});
