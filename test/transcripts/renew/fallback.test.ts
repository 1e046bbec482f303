import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { type Installation, jsonLines, jsonOf, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type AcmeProxy, startProxy } from '../../support/proxy.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

const dayMs = 86_400_000;

let labs: PebbleLab[];
let webServers: WebrootServer[];
let wanted: AcmeProxy;
let fallback: AcmeProxy;
let here: Installation;

beforeAll(async () => {
  labs = await Promise.all([startPebble(), startPebble()]);
  [wanted, fallback] = (await Promise.all(labs.map(({ directoryUrl }) => startProxy({ directoryUrl })))) as [
    AcmeProxy,
    AcmeProxy,
  ];
  here = await newInstallation({ directoryUrl: wanted.directoryUrl, caFile: labs[0]!.caFile });
  await here.run(['account', 'register']);
  webServers = await Promise.all(labs.map(({ httpPort }) => serveWebroot(here.webroot, httpPort)));
}, 180_000);

afterAll(async () => {
  for (const server of webServers) await server.stop();
  for (const proxy of [wanted, fallback]) await proxy.stop();
  for (const lab of labs) await lab.stop();
  await here.remove();
});

beforeEach(() => {
  for (const proxy of [wanted, fallback]) {
    proxy.setFault();
    proxy.resetCounts();
  }
  here.change('delete from holds');
});

function withFallback(...args: string[]): Promise<ProgramResult> {
  return here.run([...args, '--fallback-ca', fallback.directoryUrl, '--json']);
}

function issue(name: string): Promise<ProgramResult> {
  return withFallback('issue', name, '--webroot', here.webroot);
}

/** The CA that it is wanted from makes no orders for so long. */
function refuseOrders(seconds: number): void {
  const body = { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many', status: 429 };
  const headers = { 'retry-after': String(seconds) };
  wanted.setFault(({ kind }) =>
    kind === 'newOrder' ? { type: 'answer', status: 429, withNonce: true, body, headers } : undefined,
  );
}

function newOrders(): { wanted: number; fallback: number } {
  return { wanted: created(wanted, 'newOrder'), fallback: created(fallback, 'newOrder') };
}

/** Its life began and ends so many days from now. */
function setLife(name: string, begin: number, end: number): void {
  const [from, to] = [begin, end].map((days) => new Date(Date.now() + days * dayMs).toISOString());
  here.change('update certificates set not_before = ?, not_after = ? where name = ?', from, to, name);
}

async function storedIssuer(name: string): Promise<string> {
  return new X509Certificate(await readFile(`${here.certificate(name)}/cert.pem`)).issuer;
}

async function issuersOfLabs(): Promise<string[]> {
  return Promise.all(labs.map(async (lab) => new X509Certificate(await lab.intermediates()).subject));
}

describe('a certificate whose CA defers', () => {
  it('comes from the fallback when it can not wait, and from its own CA the next time', async () => {
    const [own, other] = await issuersOfLabs();
    refuseOrders(3_600);
    const issued = await issue('first.test');
    expect(issued.exitCode).toBe(0);
    expect(issued.stderr).toContain("can't wait for its CA");
    expect(newOrders()).toEqual({ wanted: 0, fallback: 1 });
    expect(await storedIssuer('first.test')).toBe(other);
    expect(jsonOf(await here.run(['cert', 'show', 'first.test', '--json']))).toMatchObject({
      ca: wanted.directoryUrl,
    });

    // It stands, and whoever issued it is asked when to renew it.
    expect(jsonOf(await issue('first.test'))).toMatchObject({ status: 'issued', order: null });
    here.change("update certificates set ari_ask_at = '2020-01-01T00:00:00.000Z'");
    expect((await withFallback('renew')).exitCode).toBe(0);
    expect([wanted, fallback].map(({ counts }) => counts.renewalInfo)).toEqual([0, 1]);
    expect((await here.run(['ledger', 'check'])).exitCode).toBe(0);
    const revoked = await here.run(['cert', 'revoke', 'first.test', '--json']);
    expect(jsonOf(revoked)).toMatchObject({ outcome: 'revoked' });

    here.change('delete from holds');
    wanted.setFault();
    const renewed = await withFallback('renew');
    expect(jsonLines(renewed)[0]).toEqual({ name: 'first.test', status: 'renewed', error: null });
    expect(await storedIssuer('first.test')).toBe(own);
  }, 180_000);

  it('waits for its own CA as long as it can', async () => {
    expect((await issue('patient.test')).exitCode).toBe(0);
    setLife('patient.test', -65, 25);
    refuseOrders(3_600);
    const patient = await withFallback('renew', 'patient.test');
    expect(patient.exitCode).toBe(75);
    expect(created(fallback, 'newOrder')).toBe(0);
    setLife('patient.test', -85, 5);
    const renewed = await withFallback('renew', 'patient.test');
    expect(renewed.exitCode).toBe(0);
    expect(jsonLines(renewed)[0]).toMatchObject({ status: 'renewed', fallbackCa: fallback.directoryUrl });
  }, 180_000);

  it('is told of when the fallback can not be had either', async () => {
    setLife('patient.test', -85, 5);
    refuseOrders(3_600);
    fallback.setFault(() => ({ type: 'drop' }));
    const result = await withFallback('renew', 'patient.test', '--max-time', '5s');
    expect(jsonLines(result)).toMatchObject([
      { name: 'patient.test', status: 'deferred', error: { code: 'ca-outage' } },
      { summary: { due: 1, deferred: 1 } },
    ]);
  }, 180_000);
});
