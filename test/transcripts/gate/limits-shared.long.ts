import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../support/fault.ts';
import { isLostAtPebble } from '../../support/pebble-serial.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab } from '../leak/leak-lab.ts';
import { like, text } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

const docs = 'see https://letsencrypt.org/docs/rate-limits/';

function refusal(status: number, detail: string | null, retryAfter?: string): Fault {
  const body =
    detail === null
      ? '<html>busy</html>'
      : { type: 'urn:ietf:params:acme:error:rateLimited', detail, status };
  return {
    type: 'answer',
    status,
    withNonce: true,
    body,
    ...(retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }),
  };
}

interface Outcome {
  status: string;
  error: { code: string; message: string; retryAt: string | null } | null;
}

async function issued(customer: Customer, ...args: string[]): Promise<Outcome & { exitCode: number | null }> {
  const result = await customer.issue('--json', ...args);
  return { exitCode: result.exitCode, ...jsonLines<Outcome>(result)[0]! };
}

/** Of the certificate that is stored. */
async function serialOf({ stateDir }: Customer, name: string): Promise<string> {
  const pem = await readFile(`${stateDir}/certificates/${name}/cert.pem`);
  return new X509Certificate(pem).serialNumber;
}

/** As if so much time had passed since the CA spoke. */
function letPass(customer: Customer, seconds: number): void {
  const ledger = rawDatabase(`${customer.stateDir}/ledger.sqlite`, { fileMustExist: true });
  const earlier = (column: string): string =>
    `${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '-${seconds} seconds')`;
  ledger.exec(`update holds set ${earlier('not_before')}, ${earlier('noted_at')}`);
  ledger.close();
}

describe('a CA that asks to come back later', { concurrent: true, timeout: 180_000 }, () => {
  it('is not asked for another order by any later run, until the time has come', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    const detail = `too many new orders (300) from this account in the last 3h0m0s, retry after T: ${docs}#new-orders-per-account`;
    proxy.setFault(({ kind }) => (kind === 'newOrder' ? refusal(429, detail, '3600') : undefined));
    const first = await issued(customer, 'one.test');
    expect(first).toMatchObject({ exitCode: 75, status: 'deferred', error: { code: 'ca-limit' } });
    expect(proxy.counts.newOrder).toBe(1);
    proxy.setFault();
    proxy.resetCounts();

    const second = await issued(customer, 'two.test');
    expect(second).toMatchObject({ exitCode: 75, status: 'deferred', error: { code: 'ca-limit' } });
    expect(second.error?.message).toMatch(
      /^the CA asked at .* not to be asked before .* \(new-orders-per-account\): .*too many new orders/,
    );
    expect(second.error?.retryAt).toBe(first.error?.retryAt);
    const renewed = await customer.run(['renew', '--json']);
    expectExit(renewed, 75);
    expect(jsonLines(renewed).at(-1)).toEqual({ summary: like({ deferred: 2, failed: 0 }) });
    expect(proxy.requests.filter(({ kind }) => kind !== 'directory')).toEqual([]);
    const status = await customer.run(['status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({
      accounts: [{ gate: { reserved: 0 }, holds: [{ scope: 'orders', limit: 'new-orders-per-account' }] }],
    });
    expect((await customer.run(['status'])).stdout).toMatch(/ {2}held {5}new orders until 20\d\d-/);
    const alone = await customer.issue('--dry-run', '--json', 'three.test');
    expect(JSON.parse(alone.stdout)).toMatchObject({ deferral: { retryAt: first.error?.retryAt } });
    const planned = await customer.run(['renew', '--dry-run', '--json']);
    expect(jsonLines(planned)).toEqual([
      like({ name: 'one.test', deferral: like({ code: 'ca-limit', retryAt: first.error?.retryAt }) }),
      like({ name: 'two.test', deferral: like({ code: 'ca-limit', retryAt: first.error?.retryAt }) }),
      { summary: like({ due: 2, deferred: 2 }) },
    ]);

    letPass(customer, 3601);
    expectExit(await customer.run(['renew']), 0);
    expect(await customer.atCa()).toEqual({ 'one.test': 'valid', 'two.test': 'valid' });
  });

  it('is waited for as long as --wait allows, by who was told and by who comes next', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    proxy.setFault(({ kind, count }) =>
      kind === 'newOrder' && count === 1 ? refusal(429, 'slow down', '3') : undefined,
    );
    const [first, second] = await Promise.all([
      issued(customer, '--wait', '20s', 'one.test'),
      (async () => {
        await expect.poll(() => proxy.counts.newOrder, { timeout: 20_000 }).toBe(1);
        return issued(customer, '--wait', '20s', 'two.test');
      })(),
    ]);
    expect([first.exitCode, second.exitCode]).toEqual([0, 0]);
    expect(proxy.counts.newOrder).toBe(3);
    const orders = proxy.requests.filter(({ kind }) => kind === 'newOrder');
    for (const later of orders.slice(1)) expect(later.atMs - orders[0]!.atMs).toBeGreaterThan(2_500);
  });

  it('is not waited for when it asks for longer than --wait allows', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'newOrder' ? refusal(429, 'slow down', '60') : undefined,
    );
    const result = await customer.issue('--wait', '20s', 'one.test');
    expectExit(result, 75);
    expect(result.durationMs).toBeLessThan(50_000);
    expect(customer.proxy.counts.newOrder).toBe(1);
  });

  it('for one name is asked for orders without it', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    const detail = `too many failed authorizations (5) for "bad.one.test" in the last 1h0m0s, retry after T: ${docs}#authorization-failures-per-identifier-per-account`;
    proxy.setFault(({ kind }) => (kind === 'newOrder' ? refusal(429, detail, '720') : undefined));
    expectExit(await customer.issue('bad.one.test', 'well.test'), 75);
    proxy.setFault();
    expectExit(await customer.issue('well.test'), 0);
    proxy.resetCounts();
    expectExit(await customer.issue('bad.one.test', 'other.test'), 75);
    expect(proxy.counts.newOrder).toBe(0);
  });

  it('for a moment in the middle of an order is waited for, and the order goes on', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    const inTwoSeconds = new Date(Date.now() + 3_000).toUTCString();
    proxy.setFault(({ kind, count }) => {
      if (kind === 'authz' && count === 1) return refusal(503, null, inTwoSeconds);
      return kind === 'challenge' && count === 1 ? refusal(429, 'slow down', '1') : undefined;
    });
    expectExit(await customer.issue('one.test', 'two.test'), 0);
    expect(customer.taken()).toMatchObject({ newOrder: 1, challenge: 2, finalize: 1, deactivate: 0 });
  });

  it('for longer in the middle of an order is left alone: what is open is in the ledger, and settled afterwards', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    proxy.setFault(({ kind }) => (kind === 'authz' ? refusal(503, null, '3600') : undefined));
    expectExit(await customer.issue('one.test'), 75);
    const asked = proxy.requests.length;
    proxy.setFault();
    const clear = await customer.run(['authz', 'clear']);
    expectExit(clear, 75);
    expect(clear.stderr).toMatch(/^error: the CA asked at .* not to be asked before .* \(http-503\)/m);
    expect(clear.stderr).toMatch(/^hint: nothing was sent now/m);
    expect(proxy.requests.length).toBe(asked);
    expect(await customer.listed('--unsubmitted')).toHaveLength(1);
    letPass(customer, 3601);
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.atCa()).toEqual({ 'one.test': 'deactivated' });
  });

  it('is told of for each certificate that is due, when it holds everything', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--deploy-hook', 'false', 'stored.test'), 1);
    customer.proxy.setFault(({ kind }) => (kind === 'newOrder' ? refusal(503, null, '3600') : undefined));
    expectExit(await customer.issue('one.test'), 75);
    customer.proxy.resetCounts();
    const renewed = await customer.run(['renew', '--json']);
    expectExit(renewed, 75);
    expect(jsonLines(renewed)).toEqual([
      like({ name: 'one.test', status: 'deferred', error: like({ code: 'ca-limit' }) }),
      like({ name: 'stored.test', status: 'deferred', error: like({ code: 'ca-limit' }) }),
      { summary: like({ due: 2, deferred: 2, failed: 0 }) },
    ]);
    expect(customer.proxy.requests).toEqual([]);
  });

  it('at the registration is not asked again, and holds nothing else', async () => {
    const customer = await lab.newCustomer();
    const { proxy } = customer;
    const detail = 'too many new registrations (10) from this IP address in the last 3h0m0s';
    proxy.setFault(({ kind }) => (kind === 'newAccount' ? refusal(429, detail, '1080') : undefined));
    expectExit(await customer.issue('one.test'), 75);
    proxy.setFault();
    expectExit(await customer.issue('one.test'), 75);
    expect(proxy.counts.newAccount).toBe(1);
    letPass(customer, 1081);
    expectExit(await customer.issue('one.test'), 0);
  });
});

describe('a renewal', { concurrent: true, timeout: 180_000 }, () => {
  it('names the certificate that it replaces', async () => {
    let customer: Customer;
    do {
      customer = await lab.newCustomer();
      expectExit(await customer.issue('one.test'), 0);
    } while (isLostAtPebble(await serialOf(customer, 'one.test')));
    expectExit(await customer.issue('--force', 'one.test'), 0);
    const [first, second] = customer.proxy.requests.filter(({ kind }) => kind === 'newOrder');
    expect(first?.payload).not.toHaveProperty('replaces');
    expect(second?.payload).toMatchObject({ replaces: text(/^[\w-]{20,}\.[\w-]{8,}$/) });
    expect(second?.status).toBe(201);
  });

  it.each([
    ['at once when the CA itself says that it broke', { type: 'about:blank', detail: 'oops', status: 500 }],
    ['once it was looked for when nobody knows what broke', 'oops'],
  ])('says it no more %s', async (_, body) => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('one.test'), 0);
    customer.proxy.setFault(({ kind, payload }) =>
      kind === 'newOrder' && JSON.stringify(payload).includes('replaces')
        ? { type: 'answer', status: 500, withNonce: true, body }
        : undefined,
    );
    expectExit(await customer.run(['renew', '--all', 'one.test']), 0);
    expect(customer.proxy.counts.newOrder).toBe(3);
    expect(customer.proxy.census.open()).toEqual([]);
  });

  it('goes on without that when the CA says that it was replaced already', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('one.test'), 0);
    customer.proxy.setFault(({ kind, payload }) =>
      kind === 'newOrder' && JSON.stringify(payload).includes('replaces')
        ? {
            type: 'answer',
            status: 409,
            withNonce: true,
            body: {
              type: 'urn:ietf:params:acme:error:alreadyReplaced',
              detail:
                'Could not validate ARI \'replaces\' field :: cannot indicate an order replaces certificate with serial "00", which already has a replacement order',
              status: 409,
            },
          }
        : undefined,
    );
    expectExit(await customer.issue('--force', 'one.test'), 0);
    const orders = customer.proxy.requests.filter(({ kind }) => kind === 'newOrder');
    expect(orders.map(({ payload }) => JSON.stringify(payload).includes('replaces'))).toEqual([
      false,
      true,
      false,
    ]);
  });
});
