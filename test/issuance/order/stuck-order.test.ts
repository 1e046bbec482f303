import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNames } from '../../../src/identifiers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { obtain } from '../../../src/issuance/attempt/obtain.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleLater } from '../../../src/issuance/order/settle-later.ts';
import { settleUnowned } from '../../../src/issuance/order/unowned-orders.ts';
import { recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { orderById, recordFinalizeSent, recordOrderAnswer } from '../../../src/ledger/orders/orders.ts';
import { hasFailedAlike } from '../../../src/ledger/orders/order-queries.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';
import { wantedFor } from '../../support/wanted-for.ts';

const minuteMs = 60_000;
const identifiers = parseNames(['a.test']);
const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };
let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

/** A run that finalized an order died, and so did the CA's process that was at it. */
async function stuckOrder(): Promise<number> {
  const dead = await world.startIssuance();
  const placed = await placeOrder(dead, await admit(dead, admission), identifiers);
  await recordOrderAnswer(dead, placed!.row, { ...placed!.answer, status: 'processing' });
  await recordFinalizeSent(dead, placed!.row.id, 'csr');
  await dead.die();
  return placed!.row.id;
}

/** A later run, to which the CA shows every order of before as still being processed; and how often it was asked. */
async function later(): Promise<{ run: RunningIssuance; looks: () => number }> {
  const run = await world.startIssuance();
  const { session } = run;
  let looks = 0;
  run.session = {
    ...session,
    getOrder: async (url, signal) => {
      looks += 1;
      const answer = await session.getOrder(url, signal);
      return url.endsWith('/1') ? { ...answer, status: 'processing' as const } : answer;
    },
  };
  return { run, looks: () => looks };
}

async function clean(run: RunningIssuance): Promise<void> {
  const { forLater } = await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
  await settleLater(run, forLater, { leftMs: () => Infinity });
}

async function wanted(run: RunningIssuance) {
  return recordWanted(run, wantedFor(run.account.ca, 'a.test'), run.account.id);
}

describe('an order that the CA does not get on with', () => {
  it('is waited for by no run that has other things to do, and looked at every ten minutes at most', async () => {
    const id = await stuckOrder();
    world.clock.pass(4 * minuteMs);
    const { run, looks } = await later();
    const before = run.clock.now();
    await clean(run);
    expect(run.clock.now().getTime() - before.getTime()).toBeLessThan(1_000);
    expect(looks()).toBe(1);
    expect(await orderById(run.ledger, id)).toMatchObject({ status: 'processing', run_id: null });
    await clean(run);
    expect(looks()).toBe(1);
    world.clock.pass(11 * minuteMs);
    await clean(run);
    expect(looks()).toBe(2);
  });

  it('is given seconds while it may still be on its way, and is left to its names then', async () => {
    const id = await stuckOrder();
    const { run } = await later();
    const before = run.clock.now();
    await clean(run);
    expect(run.clock.now().getTime() - before.getTime()).toBeLessThan(10_000);
    expect(await orderById(run.ledger, id)).toMatchObject({ stuck_at: null, run_id: null });
    expect(await admit(run, admission)).toMatchObject({ isNew: false });
  });

  it('keeps no other order for its names from being made after the usual wait, and stays known', async () => {
    const id = await stuckOrder();
    world.clock.pass(4 * minuteMs);
    const { run } = await later();
    const attempt = await obtain(run, await wanted(run), { names: ['a.test'], waitMs: 0 });
    expect(world.ca.newOrders).toBe(2);
    expect(attempt.orderId).not.toBe(id);
    const row = await orderById(run.ledger, id);
    expect(row).toMatchObject({ status: 'processing', concluded_at: null, run_id: null });
    expect(row?.stuck_at).not.toBeNull();
    // At Boulder it keeps newOrder from handing anything out again.
    const other = { id: 0, account_id: row!.account_id, names_key: row!.names_key };
    expect(await hasFailedAlike(run.ledger, other, run.clock.now())).toBe(true);
  });

  it('is made anew by --force at once', async () => {
    const id = await stuckOrder();
    const { run } = await later();
    await obtain(run, await wanted(run), { names: ['a.test'], waitMs: 0, isForced: true });
    expect(world.ca.newOrders).toBe(2);
    expect(await orderById(run.ledger, id)).toMatchObject({ status: 'processing', concluded_at: null });
  });

  it('is concluded when the CA ends it', async () => {
    const id = await stuckOrder();
    world.clock.pass(4 * minuteMs);
    await clean((await later()).run);
    world.clock.pass(11 * minuteMs);
    const run = await world.startIssuance();
    const { session } = run;
    run.session = {
      ...session,
      getOrder: async (url, signal) => ({ ...(await session.getOrder(url, signal)), status: 'invalid' }),
    };
    await clean(run);
    expect((await orderById(run.ledger, id))?.concluded_at).not.toBeNull();
  });
});
