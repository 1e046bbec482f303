import { describe, expect, it } from 'vitest';
import { orderEnd } from '../../../src/issuance/order/settle.ts';
import type { AuthorizationRow, OrderRow } from '../../../src/ledger/schema.ts';
import { authorizationRow, orderRow } from '../rows.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const inADay = new Date('2026-01-02T00:00:00.000Z');
const atExpiry = new Date('2026-01-08T00:00:00.000Z');

const valid = authorizationRow({ status: 'valid', challenge: 'submitted' });
const open = authorizationRow();
const submitted = authorizationRow({ challenge: 'submitted' });
const refused = authorizationRow({ refused_at: new Date('2026-01-01T00:00:00.000Z') });
const withStatus = (status: AuthorizationRow['status']): AuthorizationRow => authorizationRow({ status });

describe('what becomes of an order when its attempt ends', () => {
  const pending = orderRow();
  it.for<[string, OrderRow, AuthorizationRow[], 'deactivate' | 'resume', object]>([
    ['an intent stays one, reserved', orderRow({ status: 'intent', url: null }), [], 'deactivate', {}],
    ['an issued one is kept until it is stored', orderRow({ status: 'valid' }), [valid], 'deactivate', {}],
    ['all valid: kept as long as the CA has it', pending, [valid], 'deactivate', { keptUntil: atExpiry }],
    ['the CA still decides: kept', pending, [valid, submitted], 'deactivate', { keptUntil: atExpiry }],
    [
      'ready, finalize to come: kept',
      orderRow({ status: 'ready' }),
      [valid],
      'deactivate',
      { keptUntil: atExpiry },
    ],
    [
      'one could not be deactivated yet: the next run does',
      pending,
      [valid, open],
      'deactivate',
      { keptUntil: null },
    ],
    [
      'the CA does not deactivate it: kept, it may still be used',
      pending,
      [valid, refused],
      'deactivate',
      { keptUntil: atExpiry },
    ],
    ['one refused, one open', pending, [refused, open], 'deactivate', { keptUntil: null }],
    ['authorizations not even known', pending, [], 'deactivate', { keptUntil: null }],
    [
      'one deactivated: given up',
      pending,
      [valid, withStatus('deactivated')],
      'deactivate',
      { status: 'abandoned', keptUntil: null },
    ],
    [
      'one invalid',
      pending,
      [valid, withStatus('invalid')],
      'deactivate',
      { status: 'invalid', keptUntil: null },
    ],
    ['one expired', pending, [withStatus('expired')], 'deactivate', { status: 'invalid', keptUntil: null }],
    ['one revoked', pending, [withStatus('revoked')], 'deactivate', { status: 'invalid', keptUntil: null }],
    ['resume: kept for a day', pending, [valid, open], 'resume', { keptUntil: inADay }],
    [
      'resume: not longer than the CA keeps it',
      orderRow({ expires_at: new Date('2026-01-01T08:00:00.000Z') }),
      [open],
      'resume',
      { keptUntil: new Date('2026-01-01T08:00:00.000Z') },
    ],
    [
      'resume, and the CA says no end',
      orderRow({ expires_at: null }),
      [open],
      'resume',
      { keptUntil: inADay },
    ],
    ['resume: nothing unsubmitted', pending, [valid, submitted], 'resume', { keptUntil: atExpiry }],
    [
      'resume: one deactivated',
      pending,
      [withStatus('deactivated'), open],
      'resume',
      { status: 'abandoned', keptUntil: null },
    ],
  ])('%s', ([, order, rows, policy, expected]) => {
    expect(orderEnd(order, rows, policy, now)).toEqual(expected);
  });
});
