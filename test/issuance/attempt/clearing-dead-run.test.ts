import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNames } from '../../../src/identifiers.ts';
import { clear } from '../../../src/clear/clear.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { orderById } from '../../../src/ledger/orders/orders.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';
import { wantedFor } from '../../support/wanted-for.ts';

const names = ['a.test', 'b.test', 'c.test'];
let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

async function clearAs(run: AccountRun, given: { all?: true; dryRun?: true } = {}): Promise<string[]> {
  const told: string[] = [];
  const usual = { urls: [], olderThan: null, dryRun: false, method: 'deactivate', concurrency: 1 } as const;
  await clear(run, { ...usual, all: false, ...given }, ({ action }) => told.push(action));
  return told;
}

async function wanting(run: RunningIssuance): Promise<void> {
  const wanted = wantedFor(run.account.ca, 'a.test', { names });
  await recordWanted(run, wanted, run.account.id);
}

async function entered(run: RunningIssuance) {
  const identifiers = parseNames(names);
  const admitted = await admit(run, {
    certificateName: 'a.test',
    identifiers,
    profile: null,
    waitMs: 0,
  });
  return { admitted, identifiers };
}

/** A run that begins after another one was killed, before newOrder or behind it. */
async function afterKill({ isPlaced }: { isPlaced: boolean }) {
  const dead = await world.startIssuance({ policy: 'resume' });
  await wanting(dead);
  const { admitted, identifiers } = await entered(dead);
  if (isPlaced) await placeOrder(dead, admitted, identifiers);
  await dead.die();
  return { run: await world.startIssuance({ policy: 'resume' }), admitted };
}

describe('what a killed run left, under the policy `resume`', () => {
  it('is kept for its names by a clean-up, which closes none of it: that would be a failed validation for each', async () => {
    const { run, admitted } = await afterKill({ isPlaced: true });
    expect(await clearAs(run)).toEqual(['resumable', 'resumable', 'resumable']);
    expect(world.ca.deactivated).toEqual([]);
    expect((await orderById(run.ledger, admitted.order.id))?.kept_until).not.toBeNull();
    // Asked for by a person, it is closed all the same.
    expect(await clearAs(run, { all: true })).toEqual(['deactivated', 'deactivated', 'deactivated']);
  });

  it('is told as kept by a dry run, too, and as closed where the order can come to nothing any more', async () => {
    const { run, admitted } = await afterKill({ isPlaced: true });
    const order = await orderById(run.ledger, admitted.order.id);
    expect(await clearAs(run, { dryRun: true })).toEqual(['resumable', 'resumable', 'resumable']);
    expect(await clearAs(run, { all: true, dryRun: true })).toEqual(Array(3).fill('would-deactivate'));
    // A dry run works on a copy of the ledger: here it is put back.
    await run.ledger
      .updateTable('orders')
      .set({ run_id: order?.run_id ?? null, kept_until: null })
      .execute();
    world.ca.authorizations.set('https://ca.test/authz/b.test', 'invalid');
    expect((await clearAs(run, { dryRun: true })).sort()).toEqual(['would-deactivate', 'would-deactivate']);
    expect(world.ca.deactivated).toEqual([]);
    await run.ledger
      .updateTable('orders')
      .set({ run_id: order?.run_id ?? null, kept_until: null, status: 'pending', concluded_at: null })
      .execute();
    expect(await clearAs(run)).toEqual([]);
    expect(world.ca.deactivated.sort()).toEqual(['a.test', 'c.test']);
  });

  it('is closed when nobody wants the certificate any more', async () => {
    const { run } = await afterKill({ isPlaced: true });
    await run.ledger.updateTable('certificates').set({ removed_at: run.clock.now() }).execute();
    expect(await clearAs(run)).toEqual(['deactivated', 'deactivated', 'deactivated']);
  });

  it('is no reason for a clean-up to send the newOrder that was never sent', async () => {
    const { run, admitted } = await afterKill({ isPlaced: false });
    expect(await clearAs(run)).toEqual([]);
    expect(world.ca.newOrders).toBe(0);
    // The next attempt for its names goes on with it.
    const { admitted: again, identifiers } = await entered(run);
    expect(again).toMatchObject({ isNew: false, order: { id: admitted.order.id } });
    await placeOrder(run, again, identifiers);
    expect(world.ca.newOrders).toBe(1);
  });

  it('is counted no longer than whatever it opened can be open', async () => {
    const { run, admitted } = await afterKill({ isPlaced: false });
    world.clock.pass(8 * 86_400_000);
    await clearAs(run);
    expect(world.ca.newOrders).toBe(0);
    expect(await orderById(run.ledger, admitted.order.id)).toMatchObject({ status: 'abandoned' });
  });
});
