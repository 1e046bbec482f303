import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type RecordingHook, dnsHook, httpHook } from '../../support/recording-hook.ts';
import { serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let here: Installation;

beforeAll(async () => {
  lab = await startPebble();
});

afterAll(async () => {
  await lab.stop();
});

beforeEach(async () => {
  here = await newInstallation(lab);
});

afterEach(async () => {
  await here.remove();
});

async function expectIssued(names: string[], options: string[]): Promise<void> {
  const result = await here.run(['issue', ...names, ...options]);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  const name = names[0]!.replace('*', '_');
  expect(result.stdout).toContain(path.join(here.certificate(name), 'fullchain.pem'));
  const directory = here.certificate(name);
  expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
  expect(ledgerLeftovers()).toEqual([]);
}

/** What a run that succeeded must not leave in the ledger: open authorizations, owned orders, answers that are up. */
function ledgerLeftovers(): unknown[] {
  return [
    ...here.rows(`select url, status from authorizations where status <> 'valid'`),
    ...here.rows(`select id, status from orders where status <> 'valid' or run_id is not null`),
    ...here.rows(`select token from presentations where cleaned_at is null`),
  ];
}

async function challengeFiles(): Promise<string[]> {
  return await readdir(path.join(here.webroot, '.well-known/acme-challenge')).catch(() => []);
}

describe('http-01', () => {
  it('is answered by a file in the webroot, which is gone afterwards', async () => {
    const webServer = await serveWebroot(here.webroot, lab.httpPort);
    await expectIssued(['webroot.test'], ['--webroot', here.webroot]);
    await webServer.stop();
    expect(webServer.requests.length).toBeGreaterThan(0);
    expect(await readdir(here.webroot)).toEqual([]);
  });

  it('is answered by the program itself on an address and a port', async () => {
    await expectIssued(
      ['standalone.test'],
      ['--solver', 'standalone', '--listen', `127.0.0.1:${lab.httpPort}`],
    );
  });

  it('is answered by the program itself where only a port is given', async () => {
    await expectIssued(['port.test'], ['--solver', 'standalone', '--listen', String(lab.httpPort)]);
  });

  it('is answered by a hook, which gets domain, token and answer', async () => {
    const webServer = await serveWebroot(here.webroot, lab.httpPort);
    const hook = await httpHook(here);
    await expectIssued(['hook.test'], ['--challenge', 'http-01', '--hook', hook.command]);
    await webServer.stop();
    const [present, cleanup, ...others] = await hook.calls();
    expect(present).toEqual(['present', 'hook.test', expect.any(String), expect.any(String)]);
    expect(present![3]!.startsWith(`${present![2]!}.`)).toBe(true);
    expect(cleanup).toEqual(['cleanup', ...present!.slice(1)]);
    expect(others).toEqual([]);
    expect(await challengeFiles()).toEqual([]);
  });

  it('certifies an IP address', async () => {
    await expectIssued(['127.0.0.1'], ['--solver', 'standalone', '--listen', `127.0.0.1:${lab.httpPort}`]);
  });
});

describe('tls-alpn-01', () => {
  const standalone = (): string[] => ['--challenge', 'tls-alpn-01', '--listen', `127.0.0.1:${lab.tlsPort}`];

  it('is answered by the program itself', async () => {
    await expectIssued(['alpn-1.test', 'alpn-2.test'], standalone());
  });

  it('certifies an IP address', async () => {
    await expectIssued(['127.0.0.1'], standalone());
  });

  it('certifies an IP address and names in one order', async () => {
    await expectIssued(['alpn-3.test', '127.0.0.1'], standalone());
  });
});

describe('dns-01', () => {
  let hook: RecordingHook;

  beforeEach(async () => {
    hook = await dnsHook(here, lab.challtestsrv.managementUrl);
  });

  it('is answered by a hook, once the name server shows the value', async () => {
    await expectIssued(['dns.test'], ['--hook', hook.command, '--resolver', lab.dnsAddress]);
    const [present, cleanup, ...others] = await hook.calls();
    expect(present).toEqual(['present', '_acme-challenge.dns.test.', expect.stringMatching(/^[\w-]{43}$/)]);
    expect(cleanup).toEqual(['cleanup', ...present!.slice(1)]);
    expect(others).toEqual([]);
    // The program looked before Pebble did.
    const questions = await lab.challtestsrv.dnsQuestions('_acme-challenge.dns.test');
    expect(questions.filter(({ type }) => type === 16).length).toBeGreaterThan(1);
  });

  it('is answered by a hook without a look at the name servers', async () => {
    const options = ['--challenge', 'dns-01', '--solver', 'exec', '--propagation-timeout', '0'];
    await expectIssued(['blind.test'], [...options, '--hook', hook.command]);
  });

  it('certifies a wildcard and its base name by two values at one name at the same time', async () => {
    await expectIssued(['*.wild.test', 'wild.test'], ['--hook', hook.command, '--resolver', lab.dnsAddress]);
    const calls = await hook.calls();
    expect(calls.map(([action, host]) => `${action!} ${host!}`)).toEqual([
      'present _acme-challenge.wild.test.',
      'present _acme-challenge.wild.test.',
      'cleanup _acme-challenge.wild.test.',
      'cleanup _acme-challenge.wild.test.',
    ]);
    expect(new Set(calls.map(([, , value]) => value)).size).toBe(2);
  });

  it('proves a wildcard and its base name one after the other where the hook holds one value at a name', async () => {
    const single = await dnsHook(here, lab.challtestsrv.managementUrl, { holdsOneValue: true });
    const options = ['--hook', single.command, '--resolver', lab.dnsAddress];
    await expectIssued(['*.single.test', 'single.test'], options);
    const calls = await single.calls();
    expect(calls.map(([action]) => action)).toEqual([
      'present',
      'present',
      'cleanup',
      'present',
      'cleanup',
      'cleanup',
    ]);
    // Only what was visible was submitted: no validation failed.
    expect(here.rows(`select status from authorizations where error is not null`)).toEqual([]);
  });
});
