import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import type { PlacedOrder } from '../../../src/issuance/placed-order.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { gateCount } from '../../../src/ledger/authorizations/gate-count.ts';
import { type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

async function enter(run: AccountRun, names: readonly string[], waitMs = 0) {
  const identifiers = parseNames(names);
  return admit(run, { certificateName: names[0]!, identifiers, profile: null, waitMs });
}

/** Through the gate and to the CA. */
async function place(run: AccountRun, ...names: string[]): Promise<PlacedOrder> {
  const placed = await placeOrder(run, await enter(run, names), parseNames(names));
  if (placed === null) throw new Error('the order has ended');
  return placed;
}

async function settle(run: AccountRun, { row }: PlacedOrder): Promise<void> {
  await settleOrder(run, row, { policy: run.policy, verdictsUntil: run.clock.now() });
}

async function counted(run: AccountRun): Promise<{ pending: number; reserved: number }> {
  const { pending, reserved } = await gateCount(run.ledger, run.account.id, run.clock.now());
  return { pending, reserved };
}

const refusal = (code: AcmeLedgerError['code']): Error => expect.objectContaining({ code }) as Error;

describe('the gate', () => {
  it('counts what an intent may open before the CA has answered, and what it did open after', async () => {
    const accountRun = await world.startIssuance({ maxPending: 3 });
    const admitted = await enter(accountRun, ['a.test', 'b.test']);
    expect(await counted(accountRun)).toEqual({ pending: 0, reserved: 2 });
    await expect(enter(accountRun, ['c.test', 'd.test'])).rejects.toEqual(refusal('gate-full'));
    const placed = await placeOrder(accountRun, admitted, parseNames(['a.test', 'b.test']));
    expect(await counted(accountRun)).toEqual({ pending: 2, reserved: 0 });
    await settle(accountRun, placed!);
    expect(await counted(accountRun)).toEqual({ pending: 0, reserved: 0 });
  });

  it('writes nothing for an order that it refuses', async () => {
    const accountRun = await world.startIssuance({ maxPending: 1 });
    await enter(accountRun, ['a.test']);
    await expect(enter(accountRun, ['b.test'])).rejects.toEqual(refusal('gate-full'));
    await expect(enter(accountRun, ['b.test', 'c.test'])).rejects.toEqual(refusal('gate-too-small'));
    const orders = await world.ledger.selectFrom('orders').select('names_key').execute();
    expect(orders).toEqual([{ names_key: 'a.test' }]);
  });

  it('says how many are open, since when, and when to come back', async () => {
    const accountRun = await world.startIssuance({ maxPending: 2 });
    await place(accountRun, 'a.test');
    await enter(accountRun, ['b.test']);
    const refused = (await enter(accountRun, ['c.test']).catch((error: unknown) => error)) as AcmeLedgerError;
    expect(refused.message).toMatch(
      /^no room for 1 more: 1 authorizations are open and 1 reserved, of 2 that may be, the oldest since 2026-01-01T/,
    );
    expect(refused.retryAt).toBeInstanceOf(Date);
  });

  it('never lets pending and reserved exceed the threshold, whatever many runs do in whatever order', async () => {
    const step = fc.record({
      run: fc.nat(3),
      names: fc.integer({ min: 1, max: 4 }),
      end: fc.constantFrom('settle', 'die', 'go on'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 4, maxLength: 14 }),
        fc.integer({ min: 4, max: 9 }),
        async (steps, maxPending) => {
          const here = await newTinyWorld();
          const runs = [0, 1, 2, 3].map(() => here.startIssuance({ maxPending }));
          let most = 0;
          await Promise.all(
            steps.map(async ({ run, names, end }, index) => {
              const accountRun = await runs[run]!;
              const wanted = Array.from({ length: names }, (_, at) => `n${at}.s${index}.test`);
              try {
                const placed = await place(accountRun, ...wanted);
                most = Math.max(most, here.ca.pending());
                if (end === 'settle') await settle(accountRun, placed);
                if (end === 'die') await accountRun.die();
              } catch (error) {
                expect(error).toMatchObject({ code: expect.stringMatching(/gate-full|busy/) as string });
              }
              const { pending, reserved } = await counted(accountRun);
              most = Math.max(most, pending + reserved);
            }),
          );
          await here.remove();
          expect(most).toBeLessThanOrEqual(maxPending);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('waits for room and for a run on the same names, no longer than it was told to', async () => {
    const accountRun = await world.startIssuance({ maxPending: 1 });
    await place(accountRun, 'a.test');
    const before = world.clock.now().getTime();
    await expect(enter(accountRun, ['b.test'], 30_000)).rejects.toEqual(refusal('gate-full'));
    const waitedMs = world.clock.now().getTime() - before;
    expect(waitedMs).toBeGreaterThanOrEqual(30_000);
    expect(waitedMs).toBeLessThan(32_000);
    const other = await world.startIssuance();
    await expect(enter(other, ['a.test'], 1_000)).rejects.toEqual(refusal('busy'));
  });

  it('hands what a dead run left for the same names to the next one, though it is full', async () => {
    const dead = await world.startIssuance({ maxPending: 2 });
    const { row } = await place(dead, 'a.test', 'b.test');
    await dead.die();
    const accountRun = await world.startIssuance({ maxPending: 2 });
    const admitted = await enter(accountRun, ['b.test', 'a.test']);
    expect(admitted).toMatchObject({ isNew: false, order: { id: row.id, run_id: accountRun.runId } });
    expect(world.ca.newOrders).toBe(1);
  });

  it('makes room with what a dead run left for other names', async () => {
    const dead = await world.startIssuance({ maxPending: 2 });
    await place(dead, 'a.test', 'b.test');
    await dead.die();
    const accountRun = await world.startIssuance({ maxPending: 2 });
    expect((await enter(accountRun, ['c.test'])).isNew).toBe(true);
    expect(world.ca.deactivated.toSorted()).toEqual(['a.test', 'b.test']);
  });

  it('makes room also where two dead orders share what is open', async () => {
    const dead = await world.startIssuance({ maxPending: 3 });
    await place(dead, 'shared.test');
    await place(dead, 'shared.test', 'b.test');
    expect(world.ca.pending()).toBe(2);
    await dead.die();
    const accountRun = await world.startIssuance({ maxPending: 2 });
    await enter(accountRun, ['c.test', 'd.test']);
    expect(world.ca.deactivated.toSorted()).toEqual(['b.test', 'shared.test']);
  });

  it('leaves what a live order shares with a dead one', async () => {
    const dead = await world.startIssuance();
    await place(dead, 'shared.test');
    const live = await world.startIssuance();
    await place(live, 'shared.test', 'b.test');
    await dead.die();
    const accountRun = await world.startIssuance({ maxPending: 2 });
    await expect(enter(accountRun, ['c.test'])).rejects.toEqual(refusal('gate-full'));
    expect(world.ca.deactivated).toEqual([]);
  });

  it('goes on counting an order whose answer was lost until it must have expired', async () => {
    const dead = await world.startIssuance({ maxPending: 2 });
    await enter(dead, ['a.test', 'b.test']);
    await dead.die();
    const accountRun = await world.startIssuance({ maxPending: 2 });
    // This CA has no list of orders: nobody can know what became of it.
    await expect(enter(accountRun, ['c.test'])).rejects.toMatchObject({
      code: 'gate-full',
      message: expect.stringMatching(
        /; 2 of those reserved may have been opened by orders that the CA never answered: /,
      ) as string,
    });
    expect(await counted(accountRun)).toEqual({ pending: 0, reserved: 2 });
    world.clock.pass(8 * 86_400_000);
    expect((await enter(accountRun, ['c.test'])).isNew).toBe(true);
  });
});
