import { describe, expect, it } from 'vitest';
import { byUrgency, dueOf, refusedLast } from '../../src/issuance/due/due.ts';
import type { CertificateRow } from '../../src/ledger/schema.ts';
import { certificateRow } from '../issuance/rows.ts';
import { storedError } from '../support/stored-error.ts';

const ninety = certificateRow({
  order_id: 1,
  not_before: new Date('2026-01-01T00:00:00.000Z'),
  not_after: new Date('2026-04-01T00:00:00.000Z'),
  deployed_at: new Date('2026-01-01T00:00:01.000Z'),
});
const six: CertificateRow = { ...ninety, name: 'six.test', not_after: new Date('2026-01-07T00:00:00.000Z') };
/** The CA suggests ten days in February, and the 12th of them was drawn. */
const advised: CertificateRow = {
  ...ninety,
  ari_window_start: new Date('2026-02-10T00:00:00.000Z'),
  ari_window_end: new Date('2026-02-20T00:00:00.000Z'),
  ari_renew_at: new Date('2026-02-12T00:00:00.000Z'),
};
const far: CertificateRow = {
  ...advised,
  ari_window_start: new Date('2027-02-10T00:00:00.000Z'),
  ari_window_end: new Date('2027-02-20T00:00:00.000Z'),
  ari_renew_at: new Date('2027-02-12T00:00:00.000Z'),
};
const at = (time: string): Date => new Date(`2026-${time}Z`);

describe('when a certificate is due', () => {
  it.for<[string, CertificateRow, string, string | null]>([
    ['missing: at once', certificateRow(), '01-01T00:00:00', 'missing'],
    ['more than a third of its life left: not yet', ninety, '03-01T23:59:59', null],
    ['a third left', ninety, '03-02T00:00:00', 'ending'],
    ['long over', ninety, '12-01T00:00:00', 'ending'],
    ['a short one with more than half left: not yet', six, '01-03T23:59:59', null],
    ['a short one with half left', six, '01-04T00:00:00', 'ending'],
    [
      'revoked: at once',
      { ...ninety, revoked_at: new Date('2026-01-02T00:00:00.000Z') },
      '01-02T00:00:00',
      'revoked',
    ],
    ['other names are wanted since', { ...ninety, order_id: null }, '01-02T00:00:00', 'changed'],
    ['stored, its hook not run', { ...ninety, deployed_at: null }, '01-02T00:00:00', 'not-deployed'],
    ['in the CA’s window, before the moment that was drawn: not yet', advised, '02-11T23:59:59', null],
    ['the moment in the CA’s window has come', advised, '02-12T00:00:00', 'ari'],
    ['the CA’s window is over', advised, '03-20T00:00:00', 'ari'],
    ['the CA’s window is later than a third: not yet', far, '03-05T00:00:00', null],
    ['the CA’s window is later than a tenth', far, '03-23T00:00:00', 'ending'],
    [
      'revoked goes before the window',
      { ...far, revoked_at: new Date('2026-01-02T00:00:00.000Z') },
      '01-02T00:00:00',
      'revoked',
    ],
    ['ending goes before a hook', { ...ninety, deployed_at: null }, '03-03T00:00:00', 'ending'],
  ])('%s', ([, certificate, now, reason]) => {
    expect(dueOf(certificate, at(now))?.reason ?? null).toBe(reason);
  });

  it('is told with its time', () => {
    expect(dueOf(ninety, at('03-05T00:00:00'))?.dueAt).toEqual(at('03-02T00:00:00'));
  });

  it('--all: also one that is not due', () => {
    expect(dueOf(ninety, at('01-02T00:00:00'), { all: true })?.reason).toBe('asked');
  });
});

describe('the order of what is due', () => {
  it('begins with what does not exist, then goes by the share of life that is left', () => {
    const missing = certificateRow({ name: 'z-missing.test' });
    const over = { ...ninety, name: 'over.test', not_after: new Date('2026-01-02T00:00:00.000Z') };
    // At that time the short one has a quarter of its life left, this one a twentieth, though that is longer.
    const old = {
      ...ninety,
      name: 'old.test',
      not_before: new Date('2025-10-01T00:00:00.000Z'),
      not_after: new Date('2026-01-10T00:00:00.000Z'),
    };
    const now = at('01-05T12:00:00');
    const sorted = [ninety, six, old, over, missing].toSorted(byUrgency(now));
    expect(sorted.map(({ name }) => name)).toEqual([
      'z-missing.test',
      'over.test',
      'old.test',
      'six.test',
      'one.test',
    ]);
  });

  it('puts what the CA wants replaced by now before the others, but not before what is about to end', () => {
    const now = at('03-05T00:00:00');
    const overdue = { ...advised, name: 'overdue.test' };
    // Much of its life is left: its issuer moved the window into the past.
    const revoked = { ...overdue, name: 'revoked.test', not_after: new Date('2026-12-01T00:00:00.000Z') };
    const ending = { ...ninety, name: 'ending.test', not_after: new Date('2026-03-06T00:00:00.000Z') };
    const sorted = [far, revoked, overdue, ending].toSorted(byUrgency(now));
    expect(sorted.map(({ name }) => name)).toEqual([
      'ending.test',
      'overdue.test',
      'revoked.test',
      'one.test',
    ]);
  });

  it('is the same each time where two are alike', () => {
    const [a, b] = [
      { ...ninety, name: 'a.test' },
      { ...ninety, name: 'b.test' },
    ];
    expect([b, a].toSorted(byUrgency(at('03-05T00:00:00')))).toEqual([a, b]);
    const [c, d] = [certificateRow({ name: 'c.test' }), certificateRow({ name: 'd.test' })];
    expect([d, c].toSorted(byUrgency(at('03-05T00:00:00')))).toEqual([c, d]);
  });
});

describe('what was refused for a reason of its own', () => {
  const now = at('05-01T00:00:00');
  const refused = storedError({ code: 'ca-problem', message: 'no such profile' });
  const later = storedError({ code: 'ca-limit', message: 'later' });
  const standing: CertificateRow = {
    ...ninety,
    name: 'standing.test',
    not_after: new Date('2026-05-02T00:00:00.000Z'),
  };

  it('goes last where there is no certificate to lose', () => {
    const [never, over] = [certificateRow({ name: 'never.test' }), { ...ninety, name: 'over.test' }];
    const rows = [
      { ...never, last_error: refused },
      { ...over, last_error: refused },
      standing,
      certificateRow({ name: 'new.test' }),
    ];
    expect(refusedLast(rows, now).map(({ name }) => name)).toEqual([
      'standing.test',
      'new.test',
      'never.test',
      'over.test',
    ]);
  });

  it('keeps its place where one stands, or something else was the reason', () => {
    const rows = [
      { ...standing, last_error: refused },
      certificateRow({ name: 'limited.test', last_error: later }),
      certificateRow({ name: 'new.test' }),
    ];
    expect(refusedLast(rows, now)).toEqual(rows);
  });
});
