import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RenewalInfo } from '../../src/acme/renewal-info.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { dueOf } from '../../src/issuance/due/due.ts';
import { isAskDue, learned, notLearned, nothingToLearn } from '../../src/renew/ari-schedule.ts';
import type { CertificateRow } from '../../src/ledger/schema.ts';
import { certificateRow } from '../issuance/rows.ts';

const now = new Date('2026-02-01T00:00:00.000Z');
const inMs = (ms: number): Date => new Date(now.getTime() + ms);
const minute = 60_000;
const hour = 60 * minute;

const stored = certificateRow({
  serial: '0a',
  order_id: 1,
  not_before: new Date('2026-01-01T00:00:00.000Z'),
  not_after: new Date('2026-04-01T00:00:00.000Z'),
});
const info: RenewalInfo = {
  start: new Date('2026-03-01T00:00:00.000Z'),
  end: new Date('2026-03-03T00:00:00.000Z'),
  explanationUrl: null,
  retryAt: inMs(6 * hour),
};

describe('the moment to renew', () => {
  it('lies in the window, wherever chance puts it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (drawn) => {
        const { ari_renew_at } = learned(stored, info, now, () => drawn);
        expect(new Date(ari_renew_at ?? NaN) >= info.start).toBe(true);
        expect(new Date(ari_renew_at ?? NaN) < info.end).toBe(true);
      }),
    );
    expect(learned(stored, info, now, () => 0.5).ari_renew_at).toEqual(new Date('2026-03-02T00:00:00.000Z'));
  });

  it('is drawn once for a window, and anew when the window changes', () => {
    const first = { ...stored, ...(learned(stored, info, now, () => 0.25) as Partial<CertificateRow>) };
    expect(learned(first, info, now, () => 0.75)).not.toHaveProperty('ari_renew_at');
    const moved = { ...info, end: new Date('2026-03-04T00:00:00.000Z') };
    expect(learned(first, moved, now, () => 0.75).ari_renew_at).toEqual(new Date('2026-03-03T06:00:00.000Z'));
  });
});

describe('a CA whose windows are always past', () => {
  const day = 24 * hour;
  const fresh = certificateRow({
    serial: '0a',
    order_id: 1,
    not_before: inMs(-hour),
    not_after: inMs(90 * day - hour),
    deployed_at: inMs(-hour),
  });
  const past = (ms: number): RenewalInfo => ({ ...info, start: inMs(ms - 2 * hour), end: inMs(ms - hour) });

  it('has a new certificate ordered once in a twentieth of its life, at least an hour for each day', () => {
    const first = { ...fresh, ...(learned(fresh, past(0), now, Math.random) as Partial<CertificateRow>) };
    const kept = Number(first.ari_renew_at) - Number(fresh.not_before);
    expect(kept).toBe(4.5 * day);
    expect(dueOf(first, now)).toBeNull();
    const second = learned(first, past(hour), inMs(hour), Math.random);
    expect(second.ari_renew_at).toEqual(first.ari_renew_at);
    expect(dueOf(first, inMs(5 * day))?.reason).toBe('ari');
  });

  it('is heeded at once where a window that lay ahead is past all of a sudden', () => {
    const ahead = { ...fresh, ...(learned(fresh, info, now, Math.random) as Partial<CertificateRow>) };
    const after = { ...ahead, ...(learned(ahead, past(0), now, Math.random) as Partial<CertificateRow>) };
    expect(dueOf(after, now)?.reason).toBe('ari');
  });

  it('does not keep a certificate that was revoked', () => {
    const first = { ...fresh, ...(learned(fresh, past(0), now, Math.random) as Partial<CertificateRow>) };
    expect(dueOf({ ...first, revoked_at: now }, now)?.reason).toBe('revoked');
  });
});

describe('when the CA is asked', () => {
  it.for<[string, Partial<CertificateRow>, boolean]>([
    ['never asked', {}, true],
    ['its time has come', { ari_ask_at: now }, true],
    ['its time is to come', { ari_ask_at: inMs(1) }, false],
    ['its time was written by a clock that was ahead', { ari_ask_at: inMs(26 * hour) }, true],
    ['nothing is stored', { serial: null, not_before: null, not_after: null, order_id: null }, false],
    ['something else is wanted', { order_id: null }, false],
    ['revoked', { revoked_at: now }, false],
    ['nobody wants it', { removed_at: now }, false],
    ['over', { not_after: now }, false],
  ])('%s', ([, given, expected]) => {
    expect(isAskDue({ ...stored, ...given }, now)).toBe(expected);
  });

  it.for<[string, Date | null, number]>([
    ['the time that it said', inMs(2 * hour), 2 * hour],
    ['not within a minute', inMs(0), minute],
    ['not before now', inMs(-hour), minute],
    ['within a day', inMs(100 * 24 * hour), 24 * hour],
    ['after six hours when it does not say', null, 6 * hour],
  ])('again: %s', ([, retryAt, waitMs]) => {
    expect(learned(stored, { ...info, retryAt }, now, Math.random).ari_ask_at).toEqual(inMs(waitMs));
  });

  it('after a fault that passes the wait grows up to six hours, and an answer ends that', () => {
    const fault = new AcmeLedgerError('ca-answer', 'HTTP 500', { httpStatus: 500 });
    let row = stored;
    const waits = Array.from({ length: 6 }, () => {
      row = { ...row, ...(notLearned(row, fault, now) as Partial<CertificateRow>) };
      return Number(row.ari_ask_at) - now.getTime();
    });
    expect(waits).toEqual([1, 4, 16, 64, 360, 360].map((minutes) => minutes * minute));
    expect(row.ari_failures).toBe(6);
    expect(learned(row, info, now, Math.random)).toMatchObject({ ari_failures: 0, ari_error: null });
  });

  it('after an answer that makes no sense in six hours, and what was known is kept', () => {
    const error = new AcmeLedgerError('ca-problem', 'no such certificate', { httpStatus: 404 });
    const columns = notLearned({ ...stored, ari_failures: 2 }, error, now);
    expect(columns).toMatchObject({ ari_ask_at: inMs(6 * hour), ari_failures: 0 });
    expect(columns.ari_error).toMatchObject({ message: 'no such certificate' });
    expect(columns).not.toHaveProperty('ari_renew_at');
  });

  it('in a day where there is nothing to ask', () => {
    expect(nothingToLearn(now)).toEqual({
      ari_ask_at: inMs(24 * hour),
      ari_error: null,
      ari_failures: 0,
    });
  });
});
