import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Order } from '../../../src/acme/objects/resources.ts';
import { later } from '../../../src/clock.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { authorize } from '../../../src/issuance/order/authorize.ts';
import { finalizeOrder } from '../../../src/issuance/certificate/finalize.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import type { PlacedOrder } from '../../../src/issuance/placed-order.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { orderById } from '../../../src/ledger/orders/orders.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

const settings = { solver: 'webroot', challenge: 'http-01', webroot: '/nowhere' } as const;
const files = { keyPem: null, csrDer: Buffer.from('csr') };
const daySeconds = 86_400;

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

/** A CA that says to come back in a day while it issues a certificate, and is done after so many looks. */
function slowCa(run: RunningIssuance, looks: number) {
  const { session, clock } = run;
  const askedAt: number[] = [];
  const answer = (order: Order, status: Order['status']): Answer<Order> => ({
    ...order,
    status,
    certificateUrl: status === 'valid' ? 'https://ca.test/certificate/1' : null,
    retryAt: status === 'valid' ? null : later(clock.now(), daySeconds * 1000),
  });
  let finalized = false;
  const slow: AccountRun['session'] = {
    ...session,
    finalize: async (_finalizeUrl, orderUrl) => {
      finalized = true;
      return answer(await session.getOrder(orderUrl), 'processing');
    },
    getOrder: async (url) => {
      const order = await session.getOrder(url);
      if (!finalized) return order;
      askedAt.push(clock.now().getTime());
      return answer(order, askedAt.length >= looks ? 'valid' : 'processing');
    },
  };
  return { run: { ...run, session: slow }, askedAt };
}

async function ready(run: AccountRun): Promise<PlacedOrder> {
  const identifiers = parseNames(['a.test']);
  const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };
  const placed = (await placeOrder(run, await admit(run, admission), identifiers))!;
  return authorize(run, placed, () => settings);
}

describe('a CA that says a day of what it is doing', () => {
  it('is looked at all the same, at our own pace: what is done in seconds is had in seconds', async () => {
    const { run, askedAt } = slowCa(await world.startIssuance(), 3);
    const placed = await ready(run);
    const begun = world.clock.now().getTime();
    const finalized = await finalizeOrder(run, placed, files);
    expect(finalized.answer.status).toBe('valid');
    expect(world.clock.now().getTime() - begun).toBeLessThan(10_000);
    expect(askedAt).toHaveLength(3);
  });

  it('is "not yet" after the usual time, with the time that it said, and nothing is lost', async () => {
    const running = await world.startIssuance();
    const { run, askedAt } = slowCa(running, Infinity);
    const placed = await ready(run);
    const begun = world.clock.now().getTime();
    const error = await finalizeOrder(run, placed, files).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AcmeLedgerError);
    const { code, retryAt, message } = error as AcmeLedgerError;
    expect(code).toBe('not-yet');
    expect(retryAt!.getTime() - world.clock.now().getTime()).toBeGreaterThan(86_000_000);
    expect(message).toContain(
      `still issuing the certificate, and wants to be asked at ${retryAt!.toISOString()}`,
    );
    expect(world.clock.now().getTime() - begun).toBeGreaterThanOrEqual(180_000);
    // No more than a few looks a minute at a CA that asks for patience.
    expect(askedAt.length).toBeLessThan(20);

    const verdictsUntil = world.clock.now();
    await settleOrder(run, placed.row, { policy: 'deactivate', verdictsUntil, error });
    expect(world.ca.deactivated).toEqual([]);
    const row = await orderById(run.ledger, placed.row.id);
    expect(row).toMatchObject({ status: 'processing', concluded_at: null, run_id: null });
    await running.die();
    const next = await world.startIssuance();
    const admission = {
      certificateName: 'a.test',
      identifiers: parseNames(['a.test']),
      profile: null,
      waitMs: 0,
    };
    expect(await admit(next, admission)).toMatchObject({ isNew: false, order: { id: placed.row.id } });
  });
});
