import { describe, expect, it } from 'vitest';
import { WireAudit } from './audit-wire.ts';
import type { WireEntry } from './wire.ts';

/* What the auditor of the pairs must find. That it finds nothing in a run without a fault is what the pairs themselves show. */

const authorization = 'https://ca.test/authz/1';
const order = 'https://ca.test/order/1';

function entry(who: WireEntry['who'], kind: WireEntry['kind'], url: string, body: object): WireEntry {
  return { who, kind, url, payload: undefined, status: 200, location: null, body: JSON.stringify(body) };
}

function newOrder(who: WireEntry['who'], location: string): WireEntry {
  const body = {
    status: 'pending',
    identifiers: [{ value: 'a.test' }],
    authorizations: [authorization],
    finalize: `${location}/finalize`,
  };
  return { ...entry(who, 'newOrder', 'https://ca.test/new-order', body), location, status: 201 };
}

const shown = (who: WireEntry['who'], status: string): WireEntry =>
  entry(who, 'authz', authorization, { status, challenges: [{ url: 'https://ca.test/challenge/1' }] });
const submitted = (who: WireEntry['who']): WireEntry =>
  entry(who, 'challenge', 'https://ca.test/challenge/1', { status: 'pending' });
const deactivated = (who: WireEntry['who']): WireEntry =>
  entry(who, 'deactivate', authorization, { status: 'deactivated' });
const finalized = (who: WireEntry['who']): WireEntry =>
  entry(who, 'finalize', `${order}/finalize`, { status: 'processing' });

describe('the auditor of what was sent', () => {
  it.for([
    [
      'a submitted challenge that is deactivated',
      [shown('B', 'pending'), submitted('B'), deactivated('A')],
      'thrown away',
    ],
    ['a valid authorization that is deactivated', [shown('B', 'valid'), deactivated('A')], 'thrown away'],
    [
      'one that must be valid, by its order',
      [newOrder('B', order), entry('B', 'order', order, { status: 'ready' }), deactivated('A')],
      'thrown away',
    ],
    ['a challenge that is submitted twice', [shown('A', 'pending'), submitted('A'), submitted('B')], 'owner'],
    ['two orders for the same names', [newOrder('A', order), newOrder('B', `${order}0`)], 'one order'],
    ['an order that is finalized twice', [newOrder('A', order), finalized('A'), finalized('B')], 'one order'],
    [
      'a validation that failed',
      [shown('A', 'pending'), submitted('A'), shown('A', 'invalid')],
      'failed validation',
    ],
  ] as const)('finds %s', ([, entries, promise]) => {
    expect(new WireAudit(entries, false).findings.map((one) => one.promise)).toEqual([promise]);
  });

  it.for([
    ['an order that was handed out again', [newOrder('A', order), newOrder('B', order)]],
    [
      'another order when nothing can come of the first',
      [newOrder('A', order), shown('A', 'pending'), deactivated('A'), newOrder('B', `${order}0`)],
    ],
    [
      'an order beside that of another client',
      [newOrder('another client', order), newOrder('B', `${order}0`)],
    ],
    ['a pending authorization that is deactivated', [shown('A', 'pending'), deactivated('A')]],
  ] as const)('finds nothing in %s', ([, entries]) => {
    expect(new WireAudit(entries, false).findings).toEqual([]);
  });

  it('finds nothing in a validation that a person spent by --method submit', () => {
    const entries = [shown('A', 'pending'), submitted('A'), shown('A', 'invalid')];
    expect(new WireAudit(entries, true).findings).toEqual([]);
  });
});
