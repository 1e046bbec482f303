import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { authorizationsOf, recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { gateCount } from '../../../src/ledger/authorizations/gate-count.ts';
import { releaseOrder } from '../../../src/ledger/orders/orders.ts';
import { authorizationStatuses } from '../../../src/ledger/states.ts';
import { anIntent, anOrder, newLedger, noon } from '../new-ledger.ts';

const dayMs = 86_400_000;
const minuteMs = 60_000;

describe('the gate counts', () => {
  it('nothing on an account without orders', async () => {
    const made = await newLedger();
    expect(await gateCount(made.ledger, made.account.id, noon)).toEqual({
      pending: 0,
      unsubmitted: 0,
      reserved: 0,
      lost: 0,
      oldestPendingAt: null,
      nextExpiryAt: null,
    });
  });

  it('what an intent may open, until the CA has answered; then what it opened', async () => {
    const made = await newLedger();
    const intent = await anIntent(made, made.account, ['a.test', 'b.test', 'c.test']);
    expect(await count(made)).toMatchObject({ pending: 0, reserved: 3, lost: 0 });
    await releaseOrder(made, intent.id, { status: 'invalid' });
    const { order } = await anOrder(made, made.account, ['d.test', 'e.test']);
    await fetched(made, order.id);
    expect(await count(made)).toEqual({
      pending: 2,
      unsubmitted: 2,
      reserved: 0,
      lost: 0,
      oldestPendingAt: noon,
      nextExpiryAt: new Date(noon.getTime() + dayMs),
    });
  });

  it('a submitted challenge as open, but not as unsubmitted', async () => {
    const made = await newLedger();
    const { order, authorizationIds } = await anOrder(made, made.account, ['a.test', 'b.test']);
    const challenge = {
      authorizationId: authorizationIds[0] ?? 0,
      type: 'http-01',
      url: 'https://ca.test/c',
    };
    await recordSubmitting(made, order.id, [challenge]);
    expect(await count(made)).toMatchObject({ pending: 2, unsubmitted: 1 });
  });

  it('what a lost answer may have opened, until it must have expired', async () => {
    const made = await newLedger();
    const intent = await anIntent(made, made.account, ['a.test', 'b.test']);
    await releaseOrder(made, intent.id, { status: 'abandoned', keepReserved: true });
    expect(await count(made)).toMatchObject({ reserved: 2, lost: 2 });
    expect(await count(made, 7 * dayMs + 5 * minuteMs)).toMatchObject({ reserved: 2 });
    expect(await count(made, 7 * dayMs + 15 * minuteMs)).toMatchObject({ reserved: 0 });
  });

  it('an expired authorization for some minutes more, because clocks differ', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    await fetched(made, order.id);
    expect(await count(made, dayMs + 5 * minuteMs)).toMatchObject({ pending: 1 });
    expect(await count(made, dayMs + 15 * minuteMs)).toMatchObject({ pending: 0, nextExpiryAt: null });
  });

  it('one whose expiry the CA has not told for as long as it is pending: it may outlive its order', async () => {
    const made = await newLedger();
    await anOrder(made, made.account, ['a.test']);
    expect(await count(made, 365 * dayMs)).toMatchObject({ pending: 1, nextExpiryAt: null });
  });

  it('nothing of other accounts', async () => {
    const made = await newLedger();
    await anOrder(made, made.account, ['a.test']);
    await anIntent(made, made.account, ['b.test']);
    expect(await gateCount(made.ledger, made.account.id + 1, noon)).toMatchObject({
      pending: 0,
      reserved: 0,
      lost: 0,
    });
  });

  it('the pending ones, whatever states the CA has shown', { timeout: 180_000 }, async () => {
    const made = await newLedger();
    let orders = 0;
    const states = fc.array(fc.constantFrom(...authorizationStatuses), { minLength: 1, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(states, async (shown) => {
        const before = await count(made);
        const names = shown.map((_, index) => `n${index}.o${(orders += 1)}.test`);
        const { order } = await anOrder(made, made.account, names);
        const urls = names.map((name) => `https://ca.test/authz/${order.id}-${name}`);
        await recordSeen(
          made,
          shown.map((status, index) => ({
            url: urls[index] ?? '',
            status,
            identifier: null,
            expiresAt: null,
          })),
        );
        const after = await count(made);
        const open = shown.filter((status) => status === 'pending').length;
        expect(after.pending - before.pending).toBe(open);
        expect(after.unsubmitted - before.unsubmitted).toBe(open);
      }),
      { numRuns: 25 },
    );
  });
});

/** The CA was asked for them, and told that they live a day. */
async function fetched(made: Awaited<ReturnType<typeof newLedger>>, orderId: number): Promise<void> {
  const expiresAt = new Date(noon.getTime() + dayMs);
  const rows = await authorizationsOf(made.ledger, orderId);
  const seen = rows.map(({ url }) => ({ url, status: 'pending' as const, identifier: null, expiresAt }));
  await recordSeen(made, seen);
}

async function count(made: Awaited<ReturnType<typeof newLedger>>, afterMs = 0) {
  return await gateCount(made.ledger, made.account.id, new Date(noon.getTime() + afterMs));
}
