import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDuration } from '../src/duration.ts';

describe('parseDuration', () => {
  it.each([
    ['90s', 90],
    ['15m', 900],
    ['12h', 43_200],
    ['2d', 172_800],
    ['1w', 604_800],
    ['1h30m', 5400],
    ['1w2d3h4m5s', 604_800 + 172_800 + 10_800 + 240 + 5],
    ['0', 0],
    ['00', 0],
    ['0s', 0],
  ])('reads %s', (text, seconds) => {
    expect(parseDuration(text, '--wait')).toBe(seconds * 1000);
  });

  it.each([
    '',
    ' ',
    's',
    '1x',
    '-1s',
    '+1s',
    '1.5h',
    '1h 30m',
    '30m1h',
    '1s1s',
    '1H',
    '1ms',
    'P1D',
    '1h30',
    '9'.repeat(400),
    '1000w',
    '45',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text, '--wait')).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('--wait') as string }),
    );
  });

  it.each([
    ['6', '6 of what: 6s, 6m, 6h'],
    ['010', '10 of what: 10s, 10m, 10h'],
  ])('asks for the unit of %s', (text, hint) => {
    expect(() => parseDuration(text, '--wait')).toThrow(
      expect.objectContaining({ code: 'usage', message: `--wait: "${text}" has no unit`, hint }),
    );
  });

  it('adds up whatever units are given', () => {
    const part = fc.nat({ max: 500 });
    fc.assert(
      fc.property(part, part, part, part, (d, h, m, s) => {
        const written = [d > 0 && `${d}d`, h > 0 && `${h}h`, m > 0 && `${m}m`, `${s}s`]
          .filter(Boolean)
          .join('');
        expect(parseDuration(written, '--wait')).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1000);
      }),
    );
  });

  it('gives a whole number of milliseconds or a usage error for any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[0-9wdhms]{0,12}$/)), (text) => {
        try {
          expect(Number.isSafeInteger(parseDuration(text, '--wait'))).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'usage' });
        }
      }),
    );
  });
});
