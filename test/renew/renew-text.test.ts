import { expect, it } from 'vitest';
import { sumsText } from '../../src/renew/renew-text.ts';

const whole = { due: 10, issued: 1, renewed: 6, failed: 2, deferred: 1, notDue: 5 };

it.each([
  [whole, '10 due: 1 issued, 6 renewed, 2 failed, 1 deferred; 5 not due'],
  [{ ...whole, due: 110 }, '110 due: 1 issued, 6 renewed, 2 failed, 1 deferred, 100 not begun; 5 not due'],
  [
    { ...whole, leftAlone: 3, beyondLimit: 7 },
    '10 due: 1 issued, 6 renewed, 2 failed, 1 deferred; 5 not due; 3 left alone for suspended names; --limit leaves 7 more to the next run',
  ],
])('counts every certificate that is wanted: %o', (summary, text) => {
  expect(sumsText(summary)).toBe(text);
});
