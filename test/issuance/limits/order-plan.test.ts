import { describe, expect, it } from 'vitest';
import { letsEncryptLimits, letsEncryptStagingLimits } from '../../../src/acme/authorities/limits.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { chargesOf } from '../../../src/issuance/limits/charges.ts';
import { plannedError } from '../../../src/issuance/limits/limit-words.ts';
import { limitsSeen } from '../../../src/issuance/limits/limits-seen.ts';
import { isWindowOpen } from '../../../src/issuance/due/renewal-window.ts';
import { type PlannedOrder, planAhead, planOrders } from '../../../src/issuance/limits/order-plan.ts';
import { bucketWord } from '../../../src/ledger/limits/limit-buckets.ts';
import type { Bucket } from '../../../src/token-bucket.ts';
import { fullBucket, taken } from '../../../src/token-bucket.ts';
import { certificateRow } from '../rows.ts';

const now = new Date('2026-05-01T12:00:00.000Z');
const account = { id: 1, ca: 'https://ca.test/dir' };

function order(name: string, options: { isRenewal?: boolean } = {}): PlannedOrder {
  const domains = [name.split('.').slice(-2).join('.')];
  const wanted = { domains, isRenewal: false, replacesInWindow: false, leavesReserve: true, ...options };
  return { charges: chargesOf(letsEncryptLimits, account, { ...wanted, identifiers: parseNames([name]) }) };
}

/** New orders of which some are used already. */
function newOrders(used: number): Map<string, Bucket> {
  let bucket = fullBucket(letsEncryptLimits.allowances['new-orders']!);
  for (let index = 0; index < used; index += 1) bucket = taken(bucket, now.getTime());
  return new Map([[bucketWord({ scope: 'account 1', limit: 'new-orders', subject: '' }), bucket]]);
}

const seconds = (plan: ReturnType<typeof planOrders>): number[] =>
  plan.map(({ shortage }) => (shortage?.waitMs ?? 0) / 1000);

describe('the plan of a run', () => {
  it('lets the first go, leaves a tenth to issue, and gives the others one time after the other', () => {
    const orders = Array.from({ length: 262 }, (_, index) => order(`${String(index)}.test`));
    const plan = seconds(planOrders(orders, newOrders(10), now));
    expect(plan.slice(0, 260)).toEqual(Array(260).fill(0));
    expect(plan.slice(260)).toEqual([36, 72]);
  });

  it('speaks of what is left to issue only as long as it is', () => {
    const orders = [order('one.test'), order('two.test')];
    const [one, two] = planOrders(orders, newOrders(270), now).map(({ shortage }) =>
      plannedError(shortage!, now),
    );
    expect(one?.message).toContain(
      '270 of 300 are used or go to more urgent certificates, and the last 30 are',
    );
    expect(two?.message).toContain(
      '271 of 300 are used or go to more urgent certificates; the next is free at',
    );
  });

  it('lets renewals go, whose names had a certificate, past new ones that have to wait', () => {
    const orders = [order('new.test'), order('known.test', { isRenewal: true })];
    expect(seconds(planOrders(orders, newOrders(270), now))).toEqual([36, 0]);
  });

  it('has what is rehearsed wait for the staging, too, but for what ends too soon, and charges neither for the other', () => {
    const allowances = { ...letsEncryptStagingLimits.allowances, 'new-orders': { max: 2, periodMs: 60_000 } };
    const rehearsed = (name: string, maySkipRehearsal: boolean): PlannedOrder => ({
      ...order(name),
      rehearsal: chargesOf(
        { ...letsEncryptStagingLimits, allowances },
        { id: 2, ca: 'https://staging.test/dir' },
        {
          identifiers: parseNames([name]),
          ...{ domains: [], isRenewal: false, replacesInWindow: false, leavesReserve: true },
        },
      ),
      maySkipRehearsal,
    });
    const orders = [rehearsed('a.test', true), rehearsed('b.test', false), rehearsed('c.test', false)];
    const plan = planOrders([...orders, rehearsed('late.test', true), order('e.test')], newOrders(267), now);
    expect(seconds(plan)).toEqual([0, 0, 30, 0, 36]);
    expect(plan.map(({ skipsRehearsal }) => skipsRehearsal)).toEqual([false, false, false, true, false]);
    expect(plan[2]?.shortage?.charge.key.scope).toBe('account 2');
  });

  it('counts a domain over the whole run', () => {
    const orders = Array.from({ length: 52 }, (_, index) => order(`${String(index)}.shop.test`));
    const waits = seconds(planOrders([...orders, order('other.test')], new Map(), now));
    const day = 86_400;
    expect(waits.slice(49)).toEqual([0, (7 * day) / 50, (14 * day) / 50, 0]);
  });
});

describe('the plan of the days ahead', () => {
  const later = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);

  it('lets each order go at its time, or when the limits on it have room again', () => {
    const coming = Array.from({ length: 262 }, (_, index) => ({
      ...order(`${String(index)}.test`),
      at: now,
    }));
    const planned = planAhead([...coming, { ...order('late.test'), at: later(3) }], newOrders(10));
    const waits = planned.map(({ goesAt }) => (goesAt.getTime() - now.getTime()) / 1000);
    expect(waits.slice(0, 260)).toEqual(Array(260).fill(0));
    expect(waits.slice(260)).toEqual([36, 72, 3 * 3600]);
    expect(planned.slice(258).map(({ newOrdersUsed }) => newOrdersUsed)).toEqual([269, 270, 270, 270, 1]);
  });

  it('has the last of many orders for one domain wait for days, and takes no new order for renewals', () => {
    const coming = Array.from({ length: 51 }, (_, index) => ({
      ...order(`${String(index)}.shop.test`),
      at: now,
    }));
    const renewal = { ...order('own.shop.test', { isRenewal: true }), at: now };
    const planned = planAhead([...coming, renewal], new Map());
    expect(planned.slice(49).map(({ goesAt }) => goesAt)).toEqual([now, later((7 * 24) / 50), now]);
    expect(planned.at(-1)?.newOrdersUsed).toBeNull();
  });
});

describe('a window that the CA suggests', () => {
  const row = (...window: (string | null)[]) => {
    const [start = null, end = null] = window.map((time) => (time === null ? null : new Date(time)));
    return certificateRow({ ari_window_start: start, ari_window_end: end });
  };

  it.each([
    ['2026-04-30T12:00:00.000Z', '2026-05-02T12:00:00.000Z', true],
    ['2026-05-01T11:55:00.000Z', '2026-05-02T12:00:00.000Z', false],
    ['2026-04-30T12:00:00.000Z', '2026-05-01T12:05:00.000Z', false],
    ['2026-05-02T12:00:00.000Z', '2026-05-03T12:00:00.000Z', false],
    [null, null, false],
  ])('from %s to %s is open for certain: %s', (start, end, isOpen) => {
    expect(isWindowOpen(row(start, end), now)).toBe(isOpen);
  });
});

describe('the limits that are shown', () => {
  it('are the new orders, and of the others those that are used up, or the one that is used the most', () => {
    const allowance = letsEncryptLimits.allowances['certificates-per-set']!;
    const used = (tokens: number): Bucket => {
      let bucket = fullBucket(allowance);
      for (let index = 0; index < tokens; index += 1) bucket = taken(bucket, now.getTime());
      return bucket;
    };
    const row = (subject: string) => ({ limit_name: 'certificates-per-set' as const, subject });
    const stored = [1, 3, 2].map((tokens) => ({ bucket: used(tokens), row: row(`${String(tokens)}.test`) }));
    expect(limitsSeen(letsEncryptLimits, stored, now)).toEqual([
      { limit: 'new orders', subject: null, used: 0, max: 300, nextFreeAt: null },
      { limit: 'certificates per set', subject: '3.test', used: 3, max: 5, nextFreeAt: null },
    ]);
    const full = [...stored, { bucket: used(5), row: row('5.test') }];
    expect(limitsSeen(letsEncryptLimits, full, now).slice(1)).toEqual([
      {
        limit: 'certificates per set',
        subject: '5.test',
        used: 5,
        max: 5,
        nextFreeAt: new Date('2026-05-02T21:36:00.000Z'),
      },
    ]);
  });
});
