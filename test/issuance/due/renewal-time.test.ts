import { expect, it } from 'vitest';
import { renewalDueAt } from '../../../src/issuance/due/renewal-time.ts';

it.each([
  ['90 days', 90, 60],
  ['47 days', 47, 47 - 47 / 3],
  ['10 days', 10, 10 - 10 / 3],
  ['just under ten days', 9.99, 9.99 / 2],
  ['six days', 6, 3],
])('a certificate of %s is due after its time', (_case, lifeDays, dueAfterDays) => {
  const dayMs = 24 * 60 * 60 * 1000;
  const notBefore = new Date('2026-01-01T00:00:00Z');
  const due = renewalDueAt(notBefore, new Date(notBefore.getTime() + lifeDays * dayMs));
  expect((due.getTime() - notBefore.getTime()) / dayMs).toBeCloseTo(dueAfterDays, 6);
});
