import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab } from '../leak/leak-lab.ts';
import { anyText, text, like, textWith } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

/** The CA answers so instead of deactivating. */
function refuse(customer: Customer, status: number, type: string): void {
  customer.proxy.setFault(({ kind }) =>
    kind === 'deactivate'
      ? {
          type: 'answer',
          status,
          withNonce: true,
          body: { type: `urn:ietf:params:acme:error:${type}`, detail: 'expected POST-as-GET', status },
        }
      : undefined,
  );
}

async function gateOf(customer: Customer): Promise<object | undefined> {
  const [status] = jsonLines<{ accounts: { gate: object }[] }>(await customer.run(['status', '--json']));
  return status?.accounts[0]?.gate;
}

describe('a CA that does not deactivate', { concurrent: true, timeout: 180_000 }, () => {
  it('400: is recorded as refused, is not fatal, and stays counted by the gate', async () => {
    const customer = await lab.newCustomer();
    refuse(customer, 400, 'malformed');
    const failed = await customer.issue('--json', 'bad.test');
    expectExit(failed, 1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ error: { code: 'solver' } });
    expect(await customer.listed()).toMatchObject([
      {
        identifier: 'bad.test',
        status: 'pending',
        challenge: 'none',
        refusedAt: anyText,
        error: { code: 'ca-problem' },
      },
    ]);
    expect(await gateOf(customer)).toMatchObject({ pending: 1, unsubmitted: 1, free: 249 });

    const clear = await customer.run(['authz', 'clear', '--json']);
    expectExit(clear, 0);
    expect(jsonLines(clear)).toEqual([
      like({
        identifier: 'bad.test',
        action: 'refused',
        before: 'pending',
        after: 'pending',
        reason: textWith('expected POST-as-GET'),
      }),
      like({ summary: like({ seen: 1, pending: 1, refused: 1, failed: 0, deactivated: 0 }) }),
    ]);
    // It fills the gate, and no run can make room for it.
    const refused = await customer.issue('--max-pending', '1', 'good.test');
    expectExit(refused, 75);
    expect(customer.taken().newOrder).toBe(1);

    customer.proxy.setFault();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.atCa()).toEqual({ 'bad.test': 'deactivated' });
    expect(await gateOf(customer)).toMatchObject({ pending: 0 });
  });

  it('400: an order that it keeps open is taken up by the next issue for the same names', async () => {
    const customer = await lab.newCustomer();
    refuse(customer, 400, 'malformed');
    expectExit(await customer.issue('good.test', 'bad.test'), 1);
    await customer.mendHook();
    customer.proxy.resetCounts();
    expectExit(await customer.issue('good.test', 'bad.test'), 0);
    expect(customer.taken().newOrder).toBe(0);
    expect(await customer.atCa()).toEqual({ 'good.test': 'valid', 'bad.test': 'valid' });
  });

  it('500: it failed, and the next clear-up succeeds', async () => {
    const customer = await lab.newCustomer();
    refuse(customer, 500, 'serverInternal');
    expectExit(await customer.issue('bad-1.test', 'bad-2.test'), 1);
    expect(await customer.listed('--unsubmitted')).toHaveLength(2);
    const clear = await customer.run(['authz', 'clear', '--json']);
    expectExit(clear, 1);
    expect(jsonLines(clear)).toEqual([
      like({
        action: 'failed',
        before: 'pending',
        reason: text(/POST-as-GET/),
      }),
      like({ action: 'failed', before: 'pending' }),
      like({ summary: like({ seen: 2, pending: 2, failed: 2, refused: 0, deactivated: 0 }) }),
    ]);
    customer.proxy.setFault();
    const again = await customer.run(['authz', 'clear', '--json']);
    expectExit(again, 0);
    expect(await customer.atCa()).toEqual({ 'bad-1.test': 'deactivated', 'bad-2.test': 'deactivated' });
    await customer.mendHook();
    expectExit(await customer.issue('bad-1.test', 'bad-2.test'), 0);
  });

  it('500 for one of two: the next issue for the same names gets its certificate from a new order', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind, url }) =>
      kind === 'deactivate' &&
      customer.proxy.census.authorizations.get(url)?.identifier?.value === 'bad-1.test'
        ? { type: 'answer', status: 500, body: {}, withNonce: true }
        : undefined,
    );
    expectExit(await customer.issue('bad-1.test', 'bad-2.test'), 1);
    customer.proxy.setFault();
    await customer.mendHook();
    expectExit(await customer.issue('bad-1.test', 'bad-2.test'), 0);
    expect(customer.proxy.census.unsubmitted()).toEqual([]);
    expect(await customer.listed('--status', 'pending')).toEqual([]);
  });

  it('429 with Retry-After: it failed, and is not taken for a refusal', async () => {
    const customer = await lab.newCustomer();
    refuse(customer, 429, 'rateLimited');
    expectExit(await customer.issue('bad.test'), 1);
    expect(await customer.listed()).toMatchObject([{ status: 'pending', refusedAt: null }]);
    // It isn't asked again before its time.
    customer.proxy.resetCounts();
    expectExit(await customer.run(['authz', 'clear']), 75);
    expect(customer.proxy.requests).toEqual([]);
  });
});

describe('an authorization that is not what the ledger holds', { concurrent: true, timeout: 180_000 }, () => {
  it('404: has expired and is gone', async () => {
    const customer = await lab.newCustomer();
    refuse(customer, 500, 'serverInternal');
    expectExit(await customer.issue('bad.test'), 1);
    customer.proxy.setFault(({ kind }) =>
      kind === 'authz' || kind === 'authzPoll' || kind === 'deactivate'
        ? { type: 'answer', status: 404, withNonce: true }
        : undefined,
    );
    const clear = await customer.run(['authz', 'clear', '--json']);
    expectExit(clear, 0);
    expect(jsonLines(clear)).toEqual([
      like({ before: 'pending', action: 'gone', after: 'expired' }),
      like({ summary: like({ seen: 1, gone: 1, pending: 0, failed: 0 }) }),
    ]);
    expect(await customer.listed()).toMatchObject([{ status: 'expired' }]);
    expect(await gateOf(customer)).toMatchObject({ pending: 0 });
  });

  it('403: belongs to another account, and is not counted here', async () => {
    const customer = await lab.newCustomer();
    const stranger = await lab.newCustomer();
    expectExit(await stranger.issue('--on-unsubmitted', 'resume', 'bad.test'), 1);
    expectExit(await customer.issue('good.test'), 0);
    // The same authorization, by its URL at the customer's CA.
    const theirs = [...stranger.proxy.census.authorizations.keys()][0]!;
    const url = new URL(new URL(theirs).pathname, customer.proxy.directoryUrl).href;
    const clear = await customer.run(['authz', 'clear', '--json', url]);
    expectExit(clear, 0);
    expect(jsonLines(clear)).toEqual([
      like({ url, action: 'foreign' }),
      like({ summary: like({ seen: 1, foreign: 1, deactivated: 0, failed: 0 }) }),
    ]);
    expect(await stranger.atCa()).toEqual({ 'bad.test': 'pending' });
    expect(await gateOf(customer)).toMatchObject({ pending: 0, unsubmitted: 0 });
  });
});
