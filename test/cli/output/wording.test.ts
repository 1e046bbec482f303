import { expect, it } from 'vitest';
import { durationText } from '../../../src/cli/output/wording.ts';
import { counted } from '../../../src/printable.ts';

it('counts one in the singular and everything else in the plural', () => {
  expect([0, 1, 2].map((count) => counted(count, 'name'))).toEqual(['0 names', '1 name', '2 names']);
});

it.each([
  [0, '0s'],
  [59, '59s'],
  [3_600, '1h'],
  [3_725, '1h 2m'],
  [90_061, '1d 1h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});
