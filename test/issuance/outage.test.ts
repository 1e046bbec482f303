import { expect, it } from 'vitest';
import type { ErrorRecord } from '../../src/errors.ts';
import { outage } from '../../src/issuance/outage.ts';

const silence = { code: 'ca-unreachable', message: 'no answer', hint: null } as ErrorRecord;
const refusal = { code: 'ca-problem', message: 'no', hint: null } as ErrorRecord;

it('is an outage after three attempts in a row without an answer, and from then on', () => {
  const seen = outage();
  seen.note(silence);
  seen.note(silence);
  expect(seen.reason()).toBeNull();
  seen.note(silence);
  expect(seen.reason()).toBe(silence);
  // What was under way may still go well.
  seen.note(null);
  expect(seen.reason()).toBe(silence);
});

it.each([
  ['went well', null],
  ['the CA refused', refusal],
])('is none when in between one %s', (_what, answer) => {
  const seen = outage();
  for (const error of [silence, silence, answer, silence, silence]) seen.note(error);
  expect(seen.reason()).toBeNull();
});
