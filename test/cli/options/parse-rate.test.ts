import { describe, expect, it } from 'vitest';
import { parseRate } from '../../../src/cli/options/parse-rate.ts';

describe('--rate', () => {
  it.each([
    ['5/s', 5],
    ['5', 5],
    ['0.5/s', 0.5],
    ['30/m', 0.5],
    ['1800/h', 0.5],
  ])('%s is so many a second', (text, perSecond) => {
    expect(parseRate(text, '--rate')).toBe(perSecond);
  });

  it.each(['', '0/s', '-1/s', '5/d', 'fast', '5 /s', '1e3/s', '5/s/s'])('%j is none', (text) => {
    const refused = expect.objectContaining({ code: 'usage' }) as Error;
    expect(() => parseRate(text, '--rate')).toThrow(refused);
  });
});
