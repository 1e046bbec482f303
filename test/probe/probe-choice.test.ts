import { describe, expect, it } from 'vitest';
import { namesToProbe, nextLiftAt, nextProbeAt } from '../../src/probe/probe-choice.ts';
import { isProbeable } from '../../src/issuance/names/failing-names.ts';
import type { IdentifierRow } from '../../src/ledger/schema.ts';
import { certificateRow } from '../issuance/rows.ts';
import type { ErrorRecord } from '../../src/errors.ts';
import { storedError } from '../support/stored-error.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const hourMs = 3_600_000;
const in1h = new Date('2026-01-01T01:00:00.000Z');
const before = new Date('2025-12-31T23:00:00.000Z');

function failing(...rows: (Partial<IdentifierRow> & { value: string })[]) {
  return new Map(
    rows.map((row) => [
      row.value,
      {
        id: 1,
        account_id: 1,
        type: 'dns',
        consecutive_failures: 3,
        back_off_step: 3,
        failing_since: before,
        next_attempt_at: in1h,
        suspended_at: null,
        told: 'failing' as const,
        last_failure_at: before,
        last_success_at: null,
        last_error: null,
        probe_at: null,
        probe_step: 0,
        probe_error: null,
        ...row,
      },
    ]),
  );
}

const error = (code: string, type?: string, detail = '') =>
  storedError({
    code: code as ErrorRecord['code'],
    message: '',
    problem:
      type === undefined
        ? null
        : { type: `urn:ietf:params:acme:error:${type}`, detail, status: 400, subproblems: [] },
  });

describe('a failure', () => {
  it.each([
    ['solver', undefined, '', true],
    ['authorization-invalid', undefined, '', true],
    ['authorization-invalid', 'connection', 'Timeout during connect', true],
    ['authorization-invalid', 'unauthorized', 'Invalid response', true],
    ['authorization-invalid', 'dns', 'NXDOMAIN looking up A', true],
    ['authorization-invalid', 'dns', 'SERVFAIL looking up CAA for a.test', false],
    ['authorization-invalid', 'caa', '', false],
    ['authorization-invalid', 'rateLimited', '', false],
    ['authorization-invalid', 'serverInternal', '', false],
    ['ca-problem', 'rejectedIdentifier', '', false],
    ['ca-problem', 'caa', '', false],
  ])('with %s of type %s (%s) can be healed by an answer: %s', (code, type, detail, expected) => {
    expect(isProbeable({ last_error: error(code, type, detail) })).toBe(expected);
  });
});

describe('what is probed of a certificate', () => {
  const certificate = certificateRow({ names: ['a.test', 'b.test'] });
  const due = { reason: 'ending' as const, dueAt: now };
  const chosen = (rows: Parameters<typeof failing>, more = {}, isDue: typeof due | null = due) =>
    namesToProbe({ ...certificate, ...more }, isDue, {
      failing: failing(...rows),
      isAskedFor: false,
      now,
    }).map(({ value }) => value);

  it('are names that wait or are suspended, when their turn has come', () => {
    expect(
      chosen([{ value: 'a.test' }, { value: 'b.test', suspended_at: before, probe_at: before }]),
    ).toEqual(['a.test', 'b.test']);
    expect(chosen([{ value: 'a.test', probe_at: in1h }])).toEqual([]);
    expect(chosen([{ value: 'a.test', next_attempt_at: before }])).toEqual([]);
    expect(chosen([{ value: 'a.test', last_error: error('ca-problem', 'caa') }])).toEqual([]);
  });

  it('is nothing while it is not due and lacks nothing', () => {
    expect(chosen([{ value: 'a.test' }], {}, null)).toEqual([]);
    expect(chosen([{ value: 'a.test' }], { issued_names: ['b.test'] }, null)).toEqual(['a.test']);
    expect(chosen([{ value: 'a.test' }], { issued_names: ['a.test'] }, null)).toEqual([]);
  });
});

describe('a name is probed again', () => {
  it('after the given time, and up to a tenth more', () => {
    const waits = [0, 1].map((random) => nextProbeAt(now, hourMs, () => random).getTime() - now.getTime());
    expect(waits).toEqual([hourMs, hourMs + 6 * 60_000]);
  });

  it('after 1, 2, 4 … 32 days once it only looked well', () => {
    const days = [1, 2, 3, 6, 7, 99].map(
      (step) => (nextLiftAt(now, step).getTime() - now.getTime()) / (24 * hourMs),
    );
    expect(days).toEqual([1, 2, 4, 32, 32, 32]);
  });
});
