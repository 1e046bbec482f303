import { describe, expect, it } from 'vitest';
import { isEndingSoon } from '../../../src/issuance/due/renewal-window.ts';
import { certificateRow } from '../rows.ts';

const day = 86_400_000;
const now = new Date('2026-05-01T12:00:00.000Z');
const inMs = (ms: number): Date => new Date(now.getTime() + ms);

function endingSoon(lifeDays: number, daysLeft: number, given: object = {}): boolean {
  const [not_before, not_after] = [inMs((daysLeft - lifeDays) * day), inMs(daysLeft * day)];
  return isEndingSoon(certificateRow({ serial: '0a', order_id: 1, not_before, not_after, ...given }), now);
}

describe('whether a certificate ends soon', () => {
  it.each([
    [90, 15.1, false],
    [90, 14.9, true],
    [90, -1, true],
    // Due at half of its life: half of the slack after that is a quarter of it.
    [6, 2, false],
    [6, 1.4, true],
    [398, 70, false],
    [398, 60, true],
  ])('is seen by its own life: of %s days, %s left', (life, left, expected) => {
    expect(endingSoon(life, left)).toBe(expected);
  });

  it('goes by the day that the CA has it renewed, and by a tenth of its life in any case', () => {
    const late = { ari_renew_at: inMs(-day), ari_window_start: inMs(-2 * day), ari_window_end: inMs(day) };
    expect(endingSoon(90, 12, late)).toBe(false);
    expect(endingSoon(90, 8.9, late)).toBe(true);
  });

  it('is no question for one that does not exist', () => {
    expect(isEndingSoon(certificateRow({ not_before: null, not_after: null }), now)).toBe(false);
  });
});
