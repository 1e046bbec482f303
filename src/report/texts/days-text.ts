import { authorityOf } from '../../acme/authorities/authorities.ts';
import type { DayLimit, DayPlan, DaysPlan } from '../../plan/plan-by-day.ts';
import { counted } from '../../printable.ts';
import { dueText } from '../due-text.ts';

export const dayHead = ['DAY', 'ORDERS', 'NAMES', 'LATE', 'NEW', 'MOST USED', 'CA'];

/** On a narrow terminal the late ones are left out first. */
export const spareOfDays = [0, 0, 0, 1, 0, 0, 0];

export function dayCells({ day, ca, orders, names, late, newOrders, limit }: DayPlan): string[] {
  const numbers = [orders, names, late, newOrders].map(String);
  return [day, ...numbers, limit === null ? 'no limit' : usedText(limit), authorityOf(ca).name ?? ca];
}

/** `271 of 300/3h`, as the configuration has limits. */
function usedText({ usedAtMost, max, periodSeconds }: DayLimit): string {
  const [length, unit] = units.find(([seconds]) => periodSeconds % seconds === 0) ?? [1, 's'];
  return `${String(usedAtMost)} of ${String(max)}/${String(periodSeconds / length)}${unit}`;
}

const units = [
  [86_400, 'd'],
  [3_600, 'h'],
  [60, 'm'],
] as const;

/** What the days come to, and which certificates are on none of them. */
export function daysText({
  orders,
  names,
  days,
  late,
  undated,
  deployOnly,
  paused,
}: DaysPlan['summary']): string {
  const due = undated.reduce((sum, { count }) => sum + count, 0);
  const parts = [
    `${counted(orders, 'order')} with ${counted(names, 'name')} on ${counted(days, 'day')}`,
    ...(late === 0 ? [] : [`${String(late)} later than due`]),
    ...(due === 0 ? [] : [`on no day: ${dueText({ due, now: 0, waits: undated })}`]),
    ...(deployOnly === 0 ? [] : [`${counted(deployOnly, 'deploy hook')} now, without an order`]),
    ...(paused === 0 ? [] : [`${String(paused)} paused`]),
    'nothing was sent',
  ];
  return parts.join('; ');
}
