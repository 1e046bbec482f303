import { expect, it } from 'vitest';
import { upToLimit } from '../../src/plan/plan-due.ts';

function namesOf(due: { name: string }[]): string {
  return due.map(({ name }) => name).join('');
}

it('counts against --limit what goes now, not what has to wait for a limit of the CA', () => {
  const due = 'abCDefg'.split('').map((name) => ({ name, deferral: /[a-z]/.test(name) ? null : 'no room' }));
  expect(namesOf(upToLimit(due, 1))).toBe('a');
  expect(namesOf(upToLimit(due, 3))).toBe('abCDe');
  expect(namesOf(upToLimit(due.slice(2), 1))).toBe('CDe');
  expect(namesOf(upToLimit(due, 100))).toBe('abCDefg');
});
