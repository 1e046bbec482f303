import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundedWait, dangerAt, isStillAhead } from '../src/bounded-wait.ts';

const now = new Date('2026-05-01T12:00:00.000Z');
const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const inMs = (ms: number): Date => new Date(now.getTime() + ms);
const anywhere = fc.integer({ min: -3650 * day, max: 3650 * day }).map(inMs);
const life = fc
  .tuple(fc.integer({ min: hour, max: 400 * day }), fc.double({ min: 0.001, max: 1, noNaN: true }))
  .map(([lengthMs, shareLeft]) => {
    const end = inMs(Math.ceil(lengthMs * shareLeft));
    return { begin: new Date(end.getTime() - lengthMs), end };
  });

describe('a wait that somebody outside asks for', () => {
  it('lies ahead, and no further than a day, whatever was asked for', () => {
    fc.assert(
      fc.property(anywhere, (wanted) => {
        const at = boundedWait(wanted, now);
        expect(at > now && at <= inMs(day)).toBe(true);
        if (wanted > inMs(1000) && wanted <= inMs(day)) expect(at).toEqual(wanted);
      }),
    );
  });

  it('is not past the moment when a tenth of the life is left, and grows shorter after it', () => {
    fc.assert(
      fc.property(anywhere, life, (wanted, certificate) => {
        const at = boundedWait(wanted, now, certificate);
        const leftMs = certificate.end.getTime() - now.getTime();
        const longestMs = Math.max(dangerAt(certificate).getTime() - now.getTime(), leftMs / 10, 10 * minute);
        expect(at.getTime() - now.getTime()).toBeLessThanOrEqual(Math.min(longestMs, day) + 1);
        expect(at > now).toBe(true);
      }),
    );
  });

  it.each([
    ['five days of ninety', { begin: inMs(-85 * day), end: inMs(5 * day) }, 12 * hour],
    ['a day of six', { begin: inMs(-5 * day), end: inMs(day) }, 0.4 * day],
    ['an hour of six days', { begin: inMs(-6 * day + hour), end: inMs(hour) }, 10 * minute],
    ['nothing', { begin: inMs(-90 * day), end: inMs(-day) }, hour],
  ])('is short for a certificate with %s left', (_left, certificate, waitMs) => {
    expect(boundedWait(inMs(43 * hour), now, certificate)).toEqual(inMs(waitMs));
  });
});

describe('a stored time', () => {
  it('is waited for while it is ahead, and counts as passed where it is further than any wait is long', () => {
    expect(isStillAhead(inMs(hour), now)).toBe(true);
    expect(isStillAhead(inMs(1.1 * day), now)).toBe(true);
    expect(isStillAhead(inMs(0), now)).toBe(false);
    expect(isStillAhead(inMs(-hour), now)).toBe(false);
    expect(isStillAhead(inMs(3650 * day), now)).toBe(false);
    expect(isStillAhead(null, now)).toBe(false);
  });
});
