import { timeText } from '../clock.ts';
import type { OpenName } from '../ledger/authorizations/pending-report.ts';

/** The orders in which `authz report` lists names. */
export const pendingOrders = ['pending', 'name', 'age', 'client', 'expiry'] as const;
export type PendingOrder = (typeof pendingOrders)[number];

type Comparison = (one: OpenName, other: OpenName) => number;

export const pendingComparisons = {
  pending: (one, other) => other.pending - one.pending || byName(one, other),
  name: byName,
  age: (one, other) => one.oldestAt.getTime() - other.oldestAt.getTime() || byName(one, other),
  client: (one, other) => compared(one.client ?? '', other.client ?? '') || byName(one, other),
  expiry: (one, other) =>
    compared(timeText(one.expiresFrom, '~'), timeText(other.expiresFrom, '~')) || byName(one, other),
} as const satisfies Record<PendingOrder, Comparison>;

function byName(one: OpenName, other: OpenName): number {
  return compared(one.name ?? '', other.name ?? '');
}

function compared(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
