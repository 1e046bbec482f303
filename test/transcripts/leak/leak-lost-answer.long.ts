import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existingAccount } from '../../support/lab-account.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from './leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  // A rejected nonce is an answer, too, and here each answer counts.
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

async function gateOf(customer: Customer): Promise<object> {
  const status = await customer.run(['status', '--json']);
  return (JSON.parse(status.stdout) as { accounts: { gate: object }[] }).accounts[0]!.gate;
}

/** As if the orders had been written down so many minutes earlier. */
function backdateOrders({ stateDir }: Customer, minutes: number): void {
  const ledger = rawDatabase(`${stateDir}/ledger.sqlite`, { fileMustExist: true });
  ledger.exec(
    `update orders set created_at = strftime('%Y-%m-%dT%H:%M:%fZ', created_at, '-${minutes} minutes')`,
  );
  ledger.close();
}

describe('an answer that is lost on the wire', { concurrent: true, timeout: 180_000 }, () => {
  it.for(['newOrder', 'authz', 'challenge', 'order', 'finalize'] as const)(
    'to %s: the same run goes on with what the CA has',
    async (kind) => {
      const customer = await lab.newCustomer();
      const { proxy } = customer;
      proxy.setFault((request) =>
        request.kind === kind && request.count === 1 ? { type: 'lose-answer' } : undefined,
      );
      expectExit(await customer.issue('one.test', 'two.test'), 0);
      expect(proxy.counts).toMatchObject({ newOrder: 1, challenge: 2, finalize: 1, deactivate: 0 });
      expect(await customer.atCa()).toEqual({ 'one.test': 'valid', 'two.test': 'valid' });
      expect(await customer.listed('--status', 'pending')).toEqual([]);
    },
  );

  it('a finalize that the CA never got is sent again in the same run, once the order still says ready', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind, count }) =>
      kind === 'finalize' && count === 1 ? { type: 'drop' } : undefined,
    );
    expectExit(await customer.issue('one.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 1, challenge: 1, finalize: 2, deactivate: 0 });
  });

  it('to newOrder, and the list of orders fails as well: the reservation stands, the next issue adopts the order', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) => {
      if (kind === 'newOrder') return { type: 'lose-answer' };
      return kind === 'orders' ? { type: 'answer', status: 500, body: {}, withNonce: true } : undefined;
    });
    expectExit(await customer.issue('one.test', 'two.test'), 1);
    const status = await customer.run(['status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({ accounts: [{ gate: { pending: 0, reserved: 2 } }] });
    const clear = await customer.run(['authz', 'clear']);
    expectExit(clear, 1);
    expect(clear.stderr).toContain('error: 1 order of earlier runs could not be brought to an end: ');
    customer.proxy.setFault();
    customer.proxy.resetCounts();
    expectExit(await customer.issue('one.test', 'two.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 0, finalize: 1 });
  });

  it('to newOrder that the CA never got: the next issue asks anew; what may still come is counted until it can not', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) => (kind === 'newOrder' ? { type: 'drop' } : undefined));
    expectExit(await customer.issue('one.test'), 1);
    expect(await gateOf(customer)).toMatchObject({ pending: 0, reserved: 3 });
    customer.proxy.setFault();
    expectExit(await customer.issue('one.test'), 0);
    expect(customer.proxy.census.authorizations.size).toBe(1);
    expect(await gateOf(customer)).toMatchObject({ pending: 0, reserved: 3 });
    backdateOrders(customer, 6);
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await gateOf(customer)).toMatchObject({ pending: 0, reserved: 0 });
  });

  it('to newOrder that reaches the CA after it was given up: it is found and settled, not counted as nothing', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) => (kind === 'newOrder' ? { type: 'drop' } : undefined));
    expectExit(await customer.issue('late.one.test'), 1);
    customer.proxy.setFault();
    const { keyPem, url } = await customer.account();
    const ca = { directoryUrl: customer.proxy.directoryUrl, caPem: lab.pebble.caPem };
    const identifiers = [{ type: 'dns', value: 'late.one.test' }];
    await existingAccount(ca, keyPem, url).post(new URL('/order-plz', url).href, { identifiers });
    expect(customer.proxy.census.open()).toHaveLength(1);
    expectExit(await customer.issue('other.test'), 0);
    expect(await customer.listed('--status', 'deactivated')).toMatchObject([{ identifier: 'late.one.test' }]);
    expect(await customer.atCa()).toEqual({ 'late.one.test': 'deactivated', 'other.test': 'valid' });
    expect(await gateOf(customer)).toMatchObject({ pending: 0, reserved: 2 });
  });

  it('to the certificate download: the next issue downloads it', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'certificate' ? { type: 'answer', status: 500, body: {}, withNonce: true } : undefined,
    );
    expectExit(await customer.issue('one.test'), 1);
    customer.proxy.setFault();
    customer.proxy.resetCounts();
    expectExit(await customer.issue('one.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 0, challenge: 0, finalize: 0, certificate: 1 });
  });
});
