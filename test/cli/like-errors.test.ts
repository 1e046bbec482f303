import { expect, it } from 'vitest';
import { LikeErrors } from '../../src/cli/like-errors.ts';
import { AcmeLedgerError, type ErrorCode, errorRecord } from '../../src/errors.ts';

function refusal(code: ErrorCode, day = 1) {
  const retryAt = new Date(Date.UTC(2026, 0, day));
  return errorRecord(new AcmeLedgerError(code, `no room for certificate ${String(day)}`, { retryAt }));
}

it('tells five of those that share their reason, and counts the others with the last of their times', () => {
  const like = new LikeErrors();
  const told = [1, 9, 2, 3, 4, 5, 6].map((day) => like.note('deferred', refusal('ca-limit', day)));
  expect(told).toEqual([true, true, true, true, true, false, false]);
  expect([...like.rest()].map(({ message }) => message)).toEqual([
    '2 more certificates: deferred, for reasons of the same kind (ca-limit); the last may go at 2026-01-09T00:00:00.000Z',
  ]);
});

it('tells a hundred of those that have each a reason of their own', () => {
  const like = new LikeErrors();
  const told = Array.from({ length: 101 }, () => like.note('failed', refusal('authorization-invalid')));
  expect(told.filter(Boolean)).toHaveLength(100);
  expect([...like.rest()]).toHaveLength(1);
});

it('tells of what a run had no time for in one line', () => {
  const like = new LikeErrors();
  const error = { ...refusal('no-time'), message: 'not begun', retryAt: null };
  expect([like.note('deferred', error), like.note('deferred', error)]).toEqual([false, false]);
  expect([...like.rest()].map(({ message }) => message)).toEqual(['2 certificates: deferred, not begun']);
});

it('tells of all that a CA that is out of order kept waiting in one line', () => {
  const like = new LikeErrors();
  const error = { ...refusal('ca-outage'), message: 'the CA is out of order', retryAt: null };
  const told = Array.from({ length: 40 }, () => like.note('deferred', error));
  expect(told).not.toContain(true);
  expect([...like.rest()].map(({ message }) => message)).toEqual([
    '40 certificates: deferred, the CA is out of order',
  ]);
});

it('has nothing to add when all were told', () => {
  const like = new LikeErrors();
  expect(like.note('failed', refusal('ca-unreachable'))).toBe(true);
  expect(like.note('deferred', refusal('ca-limit'))).toBe(true);
  expect([...like.rest()]).toEqual([]);
});
