import { expect, it } from 'vitest';
import type { ErrorCode } from '../../src/error-kinds.ts';
import { GroupedErrors } from '../../src/renew/grouped-errors.ts';
import { AcmeLedgerError, errorRecord } from '../../src/errors.ts';

function refusal(code: ErrorCode, day = 1) {
  const retryAt = new Date(Date.UTC(2026, 0, day));
  return errorRecord(new AcmeLedgerError(code, `no room for certificate ${String(day)}`, { retryAt }));
}

it('tells five of those that share their reason, and counts the others with the last of their times', () => {
  const like = new GroupedErrors();
  const told = [1, 9, 2, 3, 4, 5, 6].map((day) => like.note('deferred', refusal('ca-limit', day), 'a.test'));
  expect(told).toEqual([true, true, true, true, true, false, false]);
  expect([...like.rest()].map(({ message }) => message)).toEqual([
    '2 more certificates: deferred, for reasons of the same kind (ca-limit); the last may go at 2026-01-09T00:00:00.000Z',
  ]);
});

it('tells a hundred of those that have each a reason of their own', () => {
  const like = new GroupedErrors();
  const told = Array.from({ length: 101 }, () =>
    like.note('failed', refusal('authorization-invalid'), 'a.test'),
  );
  expect(told.filter(Boolean)).toHaveLength(100);
  expect([...like.rest()]).toHaveLength(1);
});

it('tells of what a run had no time for in one line', () => {
  const like = new GroupedErrors();
  const error = { ...refusal('no-time'), message: 'not begun', retryAt: null };
  expect([like.note('deferred', error, 'a.test'), like.note('deferred', error, 'a.test')]).toEqual([
    false,
    false,
  ]);
  expect([...like.rest()].map(({ message }) => message)).toEqual(['2 certificates: deferred, not begun']);
});

it('tells of all that a CA that is out of order kept waiting in one line', () => {
  const like = new GroupedErrors();
  const error = { ...refusal('ca-outage'), message: 'the CA is out of order', retryAt: null };
  const told = Array.from({ length: 40 }, () => like.note('deferred', error, 'a.test'));
  expect(told).not.toContain(true);
  expect([...like.rest()].map(({ message }) => message)).toEqual([
    '40 certificates: deferred, the CA is out of order',
  ]);
});

it('has nothing to add when all were told', () => {
  const like = new GroupedErrors();
  expect(like.note('failed', refusal('ca-unreachable'), 'a.test')).toBe(true);
  expect(like.note('deferred', refusal('ca-limit'), 'a.test')).toBe(true);
  expect([...like.rest()]).toEqual([]);
});

const page = (jwt: string): string => `https://sfe.example/sfe/v1/unpause?jwt=${jwt}`;

function pause(jwt: string, code: ErrorCode = 'ca-limit') {
  const problem = { type: 'rateLimited', detail: `Please visit: ${page(jwt)}`, status: 429, subproblems: [] };
  const [hint, retryAt] = [`open ${page(jwt)} to go on`, new Date(Date.UTC(2026, 0, 1))];
  return errorRecord(new AcmeLedgerError(code, `${code} says the CA`, { problem, hint, retryAt }));
}

it('tells of all that a CA has paused in one line, with its latest link', () => {
  const like = new GroupedErrors();
  expect(
    [1, 2].map((day) => like.note('deferred', pause(`link${String(day)}`), `n${String(day)}.test`)),
  ).toEqual([false, false]);
  expect([...like.rest()]).toMatchObject([
    {
      message: 'n1.test, n2.test: deferred, the CA has paused names of theirs',
      hint: `open ${page('link2')} to go on, then: acme-ledger name resume --all`,
      retryAt: '2026-01-01T00:00:00.000Z',
    },
  ]);
  // Three sets of names: it is the account.
  for (let day = 3; day <= 9; day += 1)
    like.note('deferred', pause(`link${String(day)}`, 'account-paused'), `n${String(day)}.test`);
  like.note('deferred', pause('link10'), 'n10.test');
  expect([...like.rest()]).toMatchObject([
    {
      message: '10 certificates: deferred, account-paused says the CA',
      hint: `open ${page('link9')} to go on`,
    },
  ]);
});

it('tells of a single pause in its own words, and of two CAs apart', () => {
  const like = new GroupedErrors();
  like.note('deferred', pause('one'), 'a.test');
  expect([...like.rest()]).toMatchObject([{ message: 'a.test: deferred, ca-limit says the CA' }]);
  const other = pause('two');
  like.note(
    'deferred',
    { ...other, problem: { ...other.problem!, detail: 'https://other.example/unpause?jwt=x' } },
    'b.test',
  );
  expect([...like.rest()]).toHaveLength(2);
});
