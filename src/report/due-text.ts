import { timeText } from '../clock.ts';
import type { DueCounts, WaitCount, WaitReason } from '../plan/standings.ts';

const waitWords = {
  names: 'for failed names',
  suspended: 'for suspended names',
  certificate: 'after a refusal',
  ca: 'for the CA',
  gate: 'for room in the gate',
  rule: 'for a rule of the configuration',
  account: 'for a new account',
} as const satisfies Record<WaitReason, string>;

/**
 * How many certificates are due and what they wait for, in the same words wherever that is told: `12 due (2
 * go now; 10 wait for failed names until 2026-06-01T12:00Z)`.
 */
export function dueText({ due, now, waits }: DueCounts): string {
  if (waits.length === 0) return `${String(due)} due`;
  const goes = now === 0 ? [] : [`${String(now)} ${now === 1 ? 'goes' : 'go'} now`];
  return `${String(due)} due (${[...goes, ...waits.map(waitText)].join('; ')})`;
}

/** `10 wait for failed names until 2026-06-01T12:00Z`; for different times until the first of them. */
function waitText({ for: reason, count, firstUntil, lastUntil }: WaitCount): string {
  const wait = reason === 'suspended' ? 'left alone' : count === 1 ? 'waits' : 'wait';
  const [first, last] = [minuteOf(firstUntil), minuteOf(lastUntil)];
  const times = first === last ? ` until ${first}` : `, the first until ${first}, the last until ${last}`;
  return `${String(count)} ${wait} ${waitWords[reason]}${firstUntil === null ? '' : times}`;
}

/** A time, or the text of one, to the minute: `2026-06-01T12:00Z`. */
export function minuteOf(time: Date | string | null): string {
  const text = typeof time === 'string' ? time : timeText(time);
  return text === '' ? '' : `${text.slice(0, 16)}Z`;
}
