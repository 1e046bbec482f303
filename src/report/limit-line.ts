import { timeText } from '../clock.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { printable } from '../printable.ts';

/** `12 of 300 new orders used`, with the subject of the limit. */
export function limitLine({ limit, subject, used, max, nextFreeAt }: LimitSeen): string {
  const next = nextFreeAt === null ? '' : `, the next is free at ${timeText(nextFreeAt)}`;
  return `${String(used)} of ${String(max)} ${limit} used${forWhat(subject)}${next}`;
}

/** `would spend 1 of 300 new orders (12 used)`. */
export function spendLine(spends: number, { limit, subject, used, max }: LimitSeen): string {
  return `would spend ${String(spends)} of ${String(max)} ${limit}${forWhat(subject)} (${String(used)} used)`;
}

function forWhat(subject: string | null): string {
  return subject === null ? '' : ` for ${printable(subject)}`;
}
