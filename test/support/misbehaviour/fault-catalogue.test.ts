import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type RequestKind, requestKinds } from '../acme-request.ts';
import { type Answer, httpsRequest } from '../https-request.ts';
import { type LabAccount, registerAccount } from '../lab-account.ts';
import { finalStatus, finalize, httpChallenge } from '../lab-issuance.ts';
import { type PebbleLab, startPebble } from '../pebble.ts';
import { type AcmeProxy, startProxy } from '../proxy.ts';
import { type NamedFault, faultCatalogue } from './fault-catalogue.ts';
import { randomFaults } from './random-faults.ts';

const catalogue = faultCatalogue({ retryAfterSeconds: 2, slowMs: 100 });

let pebble: PebbleLab;
let proxy: AcmeProxy;
let account: LabAccount;
let orders = 0;

beforeAll(async () => {
  pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0', PEBBLE_VA_ALWAYS_VALID: '1' } });
  proxy = await startProxy({ directoryUrl: pebble.directoryUrl });
  account = await registerAccount({ directoryUrl: proxy.directoryUrl, caPem: pebble.caPem });
});

afterAll(async () => {
  await proxy.stop();
  await pebble.stop();
});

beforeEach(() => {
  proxy.setFault();
  proxy.resetCounts();
});

describe('the catalogue of faults', () => {
  const shown: [string, number, Record<string, unknown>, RegExp][] = [
    ['500', 500, {}, /serverInternal/],
    ['500 with Retry-After', 500, { 'retry-after': '60' }, /serverInternal/],
    ['502 with HTML', 502, { 'content-type': 'text/html' }, /^<html>/],
    ['503 with Retry-After in seconds', 503, { 'retry-after': '2' }, /unavailable/],
    ['429 with Retry-After', 429, { 'retry-after': '2' }, /rateLimited/],
    ['429', 429, { 'retry-after': undefined }, /rateLimited/],
    ['500 after acting', 500, {}, /^$/],
    ['malformed JSON', 201, {}, /^\{"status": "pen$/],
    ['Location missing', 201, { location: undefined }, /"status": ?"pending"/],
    ['status unknown', 201, {}, /"status":"resting"/],
  ];

  it.each(shown)('shows a client of newOrder "%s"', async (name, status, headers, body) => {
    play(named(name), 'newOrder');
    const answer = await newOrder();
    expect(answer.status).toBe(status);
    for (const [header, value] of Object.entries(headers)) expect(answer.headers[header]).toBe(value);
    expect(answer.body).toMatch(body);
  });

  it.each(['dropped', 'answer lost', 'body cut'])(
    'leaves a client of newOrder without an answer: "%s"',
    async (name) => {
      play(named(name), 'newOrder');
      await expect(newOrder()).rejects.toThrow(/hang up|ECONNRESET|aborted/);
    },
  );

  it('lets the CA hear of exactly those requests that it says it does', async () => {
    const fitting = catalogue.filter((fault) => fits(fault, 'newOrder'));
    for (const fault of fitting) {
      proxy.resetCounts();
      play(fault, 'newOrder');
      await newOrder().catch(() => undefined);
      const first = proxy.requests.find(({ kind }) => kind === 'newOrder');
      expect([fault.name, first?.status]).toEqual([fault.name, fault.isHeard ? 201 : undefined]);
    }
    expect(fitting.filter(({ isHeard }) => isHeard).length).toBeGreaterThan(4);
    expect(fitting.filter(({ isHeard }) => !isHeard).length).toBeGreaterThan(4);
  });

  it('names a date that has not passed when the seconds have', async () => {
    play(named('503 with Retry-After as a date'), 'newOrder');
    const answer = await newOrder();
    const waitMs = Date.parse(String(answer.headers['retry-after'])) - Date.now();
    expect(waitMs).toBeGreaterThan(1900);
    expect(waitMs).toBeLessThanOrEqual(3000);
  });

  it('rejects a nonce and gives another, once', async () => {
    play(named('badNonce'), 'newOrder');
    expect((await newOrder()).status).toBe(201);
    expect(proxy.counts.newOrder).toBe(2);
    expect(catalogue.filter((fault) => fits(fault, 'directory'))).not.toContain(named('badNonce'));
  });

  it('answers too slowly', async () => {
    play(named('answer too slow'), 'directory');
    const startedAt = performance.now();
    await httpsRequest(proxy.directoryUrl, { ca: pebble.caPem });
    expect(performance.now() - startedAt).toBeGreaterThan(95);
  });

  it('keeps an order processing for as long as it is played, though it is issued', async () => {
    const { url, authorizations } = await account.order('endless.test');
    proxy.setFault((request) => {
      const fault = named('processing without end');
      return fault.appliesTo(request) ? fault.fault(request) : undefined;
    });
    expect(JSON.parse((await account.post(url)).body)).toMatchObject({ status: 'pending' });
    await account.post((await httpChallenge(account, authorizations[0]!)).url, {});
    expect(await finalStatus(account, authorizations[0]!)).toBe('valid');
    expect(JSON.parse((await finalize(account, url, 'endless.test')).body)).toMatchObject({
      status: 'processing',
    });
    await vi.waitUntil(async () => {
      expect(JSON.parse((await account.post(url)).body)).toMatchObject({ status: 'processing' });
      return proxy.census.orders.get(url)?.status === 'valid';
    });
    expect(JSON.parse((await account.post(url)).body)).not.toHaveProperty('certificate');
  });

  it('leaves a problem document alone where it would change the state of a resource', async () => {
    play(named('status unknown'), 'newOrder');
    const answer = await account.newOrder({ identifiers: [] });
    expect(JSON.parse(answer.body)).toMatchObject({ status: 400 });
  });

  it('has something for every kind of request', () => {
    const without = requestKinds.filter((kind) => !catalogue.some((fault) => fits(fault, kind)));
    expect(without).toEqual([]);
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
  });
});

describe('random faults', () => {
  it('are as frequent as was asked, of every kind that fits, and the same for the same seed', () => {
    const requests = Array.from({ length: 4000 }, (_, index) =>
      requestOf(index % 2 === 0 ? 'newOrder' : 'order'),
    );
    const run = (seed: number): [Map<string, number>, (string | undefined)[]] => {
      const { counts, hook } = randomFaults({ catalogue, share: 0.1, seed });
      return [counts, requests.map((request) => hook(request)?.type)];
    };
    const [counts, types] = run(7);
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    expect(total).toBeGreaterThan(330);
    expect(total).toBeLessThan(470);
    expect(types.filter((type) => type !== undefined)).toHaveLength(total);
    expect([...counts.entries()].filter(([, count]) => count === 0)).toEqual([]);
    expect(run(7)).toEqual([counts, types]);
    expect(run(8)).not.toEqual([counts, types]);
  });

  it('go through the proxy', async () => {
    proxy.setFault(randomFaults({ catalogue: [named('429')], share: 1, seed: 1 }).hook);
    expect((await httpsRequest(proxy.directoryUrl, { ca: pebble.caPem })).status).toBe(429);
  });
});

function named(name: string): NamedFault {
  return catalogue.find((fault) => fault.name === name)!;
}

/** The next request of the kind meets the fault. */
function play(fault: NamedFault, kind: RequestKind): void {
  let isPlayed = false;
  proxy.setFault((request) => {
    if (request.kind !== kind || isPlayed) return undefined;
    isPlayed = true;
    return fault.fault(request);
  });
}

function fits(fault: NamedFault, kind: RequestKind): boolean {
  return fault.appliesTo(requestOf(kind));
}

function requestOf(kind: RequestKind): Parameters<NamedFault['appliesTo']>[0] {
  const method =
    kind === 'directory' || kind === 'renewalInfo' ? 'GET' : kind === 'newNonce' ? 'HEAD' : 'POST';
  return {
    kind,
    method,
    url: 'https://ca.test/',
    headers: {},
    payload: undefined,
    count: 1,
    atMs: 0,
    from: '',
  };
}

async function newOrder(): Promise<Answer> {
  orders += 1;
  return await account.newOrder({ identifiers: [{ type: 'dns', value: `fault-${orders}.test` }] });
}
