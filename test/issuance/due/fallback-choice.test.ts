import { expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/error-kinds.ts';
import { isForFallback } from '../../../src/issuance/due/fallback-choice.ts';

const now = new Date('2026-03-01T00:00:00.000Z');

function inDays(days: number): Date {
  return new Date(now.getTime() + days * 86_400_000);
}

const stored = (daysLeft: number) => ({
  not_before: inDays(daysLeft - 90),
  not_after: inDays(daysLeft),
  revoked_at: null,
  created_at: inDays(-100),
});
const missing = (since: number) => ({
  not_before: null,
  not_after: null,
  revoked_at: null,
  created_at: inDays(since),
});

function refusal(code: ErrorCode, retryAt: string | null) {
  return { code, message: 'no', hint: null, problem: null, retryAt };
}

test.each([
  { case: 'enough life left', certificate: stored(10), retryAt: null, falls: false },
  { case: 'less than a tenth left', certificate: stored(8), retryAt: null, falls: true },
  {
    case: 'less than a tenth left by then',
    certificate: stored(10),
    retryAt: inDays(2).toISOString(),
    falls: true,
  },
  { case: 'a time that is over', certificate: stored(10), retryAt: inDays(-30).toISOString(), falls: false },
  { case: 'nothing stored since this hour', certificate: missing(0), retryAt: null, falls: false },
  { case: 'nothing stored for a day', certificate: missing(-1), retryAt: null, falls: true },
  {
    case: 'a certificate that was revoked',
    certificate: { ...stored(80), revoked_at: inDays(0) },
    retryAt: null,
    falls: true,
  },
])('with $case a certificate falls back: $falls', ({ certificate, retryAt, falls }) => {
  const options = { now, isAskedFor: false };
  for (const code of ['ca-limit', 'ca-unreachable', 'not-acme'] as const)
    expect(isForFallback(refusal(code, retryAt), certificate, options)).toBe(falls);
});

test('nobody who waits for a certificate that does not exist is let wait', () => {
  expect(isForFallback(refusal('ca-limit', null), missing(0), { now, isAskedFor: true })).toBe(true);
});

test.each(['authorization-invalid', 'gate-full', 'busy', 'ca-problem'] as const)(
  '%s is no reason to go elsewhere',
  (code) => {
    expect(isForFallback(refusal(code, null), missing(-9), { now, isAskedFor: true })).toBe(false);
  },
);
