import { describe, expect, it } from 'vitest';
import { listAuthorizations } from '../../../src/ledger/authorizations/authorization-list.ts';
import type { AuthorizationFilter } from '../../../src/ledger/authorizations/authorization-list.ts';
import { authorizationById, recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import {
  recordNotSubmitted,
  recordSubmitted,
  recordSubmitting,
} from '../../../src/ledger/orders/submissions.ts';
import { eventsOf } from '../../../src/ledger/events.ts';
import { insertForeignAuthorization } from '../../../src/ledger/authorizations/foreign-authorizations.ts';
import type { TestLedger } from '../new-ledger.ts';
import { anOrder, newLedger, noon } from '../new-ledger.ts';
import { storedError } from '../../support/stored-error.ts';

describe('a challenge', () => {
  it('may be submitted once: of two who ask at the same time one is told so', async () => {
    const { made, orderId, id } = await pendingOne();
    const [one, other] = await Promise.all([submitting(made, orderId, id), submitting(made, orderId, id)]);
    expect([...one, ...other]).toEqual([id]);
    expect(await authorizationById(made.ledger, id)).toMatchObject({
      challenge: 'submitting',
      challenge_type: 'http-01',
      submitted_at: noon,
    });
    await recordSubmitted(made, [id]);
    expect(await submitting(made, orderId, id)).toEqual(new Set());
    expect(await kinds(made, id)).toEqual(['challenge-submitting', 'challenge-submitted']);
  });

  it('of an authorization that is not pending is not submitted', async () => {
    const { made, orderId, id, url } = await pendingOne();
    await recordSeen(made, [{ url, status: 'valid', identifier: null, expiresAt: null }]);
    expect(await submitting(made, orderId, id)).toEqual(new Set());
    expect(await authorizationById(made.ledger, id)).toMatchObject({ challenge: 'none', submitted_at: null });
  });

  it('whose submission had no effect may be submitted again', async () => {
    const { made, orderId, id } = await pendingOne();
    await submitting(made, orderId, id);
    await recordNotSubmitted(made, id, { orderId }, 'untouched');
    expect(await authorizationById(made.ledger, id)).toMatchObject({ challenge: 'none', submitted_at: null });
    expect(await submitting(made, orderId, id)).toEqual(new Set([id]));
  });

  it('that was submitted stays so, and what did not happen is in no history', async () => {
    const { made, orderId, id } = await pendingOne();
    await recordSubmitted(made, [id]);
    await recordNotSubmitted(made, id, { orderId }, 'nothing was sent');
    expect(await kinds(made, id)).toEqual([]);
    await submitting(made, orderId, id);
    await recordSubmitted(made, [id]);
    await recordNotSubmitted(made, id, { orderId }, 'too late');
    expect(await authorizationById(made.ledger, id)).toMatchObject({ challenge: 'submitted' });
    expect(await kinds(made, id)).toEqual(['challenge-submitting', 'challenge-submitted']);
  });
});

describe('what the CA shows', () => {
  it('is kept with its time, and a change of state is an event', async () => {
    const { made, id, url } = await pendingOne();
    const identifier = { type: 'dns', value: 'a.test', wildcard: true };
    const expiresAt = new Date('2026-05-03T00:00:00.000Z');
    await recordSeen(made, [{ url, status: 'pending', identifier, expiresAt }]);
    made.clock.set(new Date('2026-05-01T12:30:00.000Z'));
    const error = storedError({ code: 'authorization-invalid' });
    await recordSeen(made, [{ url, status: 'invalid', identifier: null, expiresAt: null, error }]);
    expect(await authorizationById(made.ledger, id)).toMatchObject({
      status: 'invalid',
      identifier: 'a.test',
      wildcard: true,
      expires_at: expiresAt,
      checked_at: new Date('2026-05-01T12:30:00.000Z'),
      error,
    });
    expect((await eventsOf(made.ledger, { authorizationId: id })).at(-1)).toMatchObject({
      kind: 'authorization-status',
      data: { from: 'pending', to: 'invalid' },
    });
  });

  it('is not believed, but noted, when the states do not allow it', async () => {
    const { made, id, url } = await pendingOne();
    await recordSeen(made, [{ url, status: 'deactivated', identifier: null, expiresAt: null }]);
    made.clock.set(new Date('2026-05-01T13:00:00.000Z'));
    await recordSeen(made, [{ url, status: 'pending', identifier: null, expiresAt: null }]);
    expect(await authorizationById(made.ledger, id)).toMatchObject({
      status: 'deactivated',
      checked_at: new Date('2026-05-01T13:00:00.000Z'),
    });
    expect((await eventsOf(made.ledger, { authorizationId: id })).at(-1)).toMatchObject({
      kind: 'difference',
      data: { from: 'deactivated', to: 'pending' },
    });
  });

  it('is no news when it is the same as before', async () => {
    const { made, id, url } = await pendingOne();
    const same = { url, status: 'pending', identifier: null, expiresAt: null } as const;
    await recordSeen(made, [same]);
    const before = await kinds(made, id);
    await recordSeen(made, [same, { ...same, url: 'https://ca.test/authz/of-nobody' }]);
    expect(await kinds(made, id)).toEqual(before);
  });
});

describe('an authorization from elsewhere', () => {
  it('becomes a row, and one that is known stays as it is', async () => {
    const { made, id, url } = await pendingOne();
    const known = await insertForeignAuthorization(made, made.account.id, url, 'log');
    expect(known).toMatchObject({ id, source: 'order' });
    const other = await insertForeignAuthorization(made, made.account.id, `${url}x`, 'log');
    expect(other).toMatchObject({ source: 'log', status: 'pending', challenge: 'none' });
  });
});

describe('the list', () => {
  it('gives each of more than a page of authorizations once, newest first', async () => {
    const made = await newLedger();
    const names = Array.from({ length: 2_345 }, (_, index) => `n${index}.test`);
    const { order, authorizationIds } = await anOrder(made, made.account, names);
    const listed = await ids(made, {});
    expect(listed).toEqual([...authorizationIds].reverse());
    for await (const row of listAuthorizations(made.ledger, {})) {
      expect(row).toMatchObject({ ca: 'https://ca.test/dir', orderIds: [order.id] });
      break;
    }
  });

  it('gives only what is asked for', async () => {
    const made = await newLedger();
    const { order, authorizationIds } = await anOrder(made, made.account, ['a.test', 'b.test', 'c.test']);
    const [a = 0, b = 0, c = 0] = authorizationIds;
    await submitting(made, order.id, a);
    await recordSeen(made, [{ ...seenOf(await authorizationById(made.ledger, b)), status: 'valid' }]);
    expect(await ids(made, { statuses: ['valid', 'invalid'] })).toEqual([b]);
    expect(await ids(made, { unsubmitted: true })).toEqual([c]);
    expect(await ids(made, { accountIds: [made.account.id + 1] })).toEqual([]);
    expect(await ids(made, { createdBefore: noon })).toEqual([]);
    expect(await ids(made, { createdBefore: new Date(noon.getTime() + 1) })).toEqual([c, b, a]);
  });
});

async function pendingOne(): Promise<{ made: TestLedger; orderId: number; id: number; url: string }> {
  const made = await newLedger();
  const { order, authorizationIds } = await anOrder(made, made.account, ['a.test']);
  const row = await authorizationById(made.ledger, authorizationIds[0] ?? 0);
  return { made, orderId: order.id, id: row?.id ?? 0, url: row?.url ?? '' };
}

function submitting(made: TestLedger, orderId: number, id: number): Promise<Set<number>> {
  const url = `https://ca.test/chall/${id}`;
  return recordSubmitting(made, orderId, [{ authorizationId: id, type: 'http-01', url }]);
}

function seenOf(row: { url: string } | undefined) {
  return { url: row?.url ?? '', identifier: null, expiresAt: null };
}

async function kinds({ ledger }: TestLedger, authorizationId: number): Promise<string[]> {
  return (await eventsOf(ledger, { authorizationId })).map((event) => event.kind);
}

async function ids({ ledger }: TestLedger, filter: AuthorizationFilter): Promise<number[]> {
  const found: number[] = [];
  for await (const row of listAuthorizations(ledger, filter)) found.push(row.id);
  return found;
}
