import { authorityOf } from '../acme/authorities/authorities.ts';
import { timeText } from '../clock.ts';
import { type Due, dueOf } from '../issuance/due/due.ts';
import { renewalOf } from '../issuance/due/renewal-window.ts';
import { planAhead } from '../issuance/limits/order-plan.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { limitsAt } from '../settings/limit-changes.ts';
import { rowsOf } from './find-due.ts';
import { orderCosts } from './order-costs.ts';
import { type DuePlan, planDue } from './plan-due.ts';
import { type DueCounts, type Standings, countDue, standingsIn } from './standings.ts';

/** What is to be ordered from one CA on one day. */
export interface DayPlan {
  /** The day in UTC: `2026-12-01`. */
  day: string;
  /** The directory URL of the CA. */
  ca: string;
  orders: number;
  names: number;
  /** Of the orders: those that are due on an earlier day, and wait until this one for a limit or a failure. */
  late: number;
  /** How many orders take a new order of the CA's limit. */
  newOrders: number;
  /** The CA's limit on new orders; null where none is known. */
  limit: DayLimit | null;
}

export interface DayLimit {
  max: number;
  periodSeconds: number;
  /** How much of the limit is used when most of it is, that day. */
  usedAtMost: number;
}

/** The next order of every certificate, by the day on which it goes. */
export interface DaysPlan {
  /** By day, and by CA among these. */
  days: DayPlan[];
  summary: DaysSummary;
}

interface DaysSummary {
  days: number;
  orders: number;
  names: number;
  late: number;
  newOrders: number;
  /** What due certificates wait for that are ordered on none of the days, as nobody knows when. */
  undated: DueCounts['waits'];
  /** Certificates that somebody paused without an end. */
  paused: number;
  /** Certificates that are stored, and whose deploy hook alone is run now. */
  deployOnly: number;
}

interface Coming {
  certificate: CertificateRow;
  names: readonly string[];
  /** When it is due, or was. */
  dueAt: Date;
  /** When it can go at the earliest. */
  at: Date;
}

/** The plan from the ledger alone: each certificate's next order, once, and what becomes due by then. */
export async function planByDay(
  context: CommandContext,
  ledger: Ledger,
  options: { names: readonly string[]; all: boolean },
  now: Date,
): Promise<DaysPlan> {
  const choice = { ...options, rehearse: false, limit: Infinity, waitMs: 0 };
  const plan = await planDue(context, ledger, choice, { now });
  const standings = await standingsIn(context, ledger, plan, choice);
  const coming = [...dueOrders(plan, standings, now), ...(await laterOrders(ledger, plan, now))];
  const days: DayPlan[] = [];
  for (const ca of new Set(coming.map(({ certificate }) => certificate.ca))) {
    const there = coming.filter(({ certificate }) => certificate.ca === ca);
    days.push(...(await daysAt({ context, ledger, ca, now }, there)));
  }
  const sum = (of: (day: DayPlan) => number): number => days.reduce((total, day) => total + of(day), 0);
  const lasting = new Map([...standings].filter(([, { waitsFor, error }]) => isUndated(waitsFor, error)));
  return {
    days: days.sort((one, other) => (`${one.day} ${one.ca}` < `${other.day} ${other.ca}` ? -1 : 1)),
    summary: {
      days: new Set(days.map(({ day }) => day)).size,
      orders: sum(({ orders }) => orders),
      names: sum(({ names }) => names),
      late: sum(({ late }) => late),
      newOrders: sum(({ newOrders }) => newOrders),
      undated: countDue(lasting).waits,
      paused: plan.paused.filter((facts) => pauseOf(facts, now)?.until === null).length,
      deployOnly: plan.due.filter(({ due }) => due.reason === 'not-deployed').length,
    },
  };
}

/** A full gate is waited for in hours at most, and no time is known: the certificate counts for today. */
function isUndated(waitsFor: string | null, error: { retryAt: string | null } | null): boolean {
  return waitsFor !== null && waitsFor !== 'gate' && (error?.retryAt ?? null) === null;
}

function dueOrders({ due: planned, waiting }: DuePlan, standings: Standings, now: Date): Coming[] {
  const patient = waiting.map((one) => ({ ...one, names: one.certificate.names }));
  return [...planned, ...patient].flatMap(({ certificate, names, due }) => {
    const { waitsFor = null, error = null } = standings.get(certificate.name) ?? {};
    if (!isOrder(due) || isUndated(waitsFor, error)) return [];
    const retryAt = error?.retryAt ?? null;
    return [{ certificate, names, dueAt: now, at: latest(now, retryAt === null ? now : new Date(retryAt)) }];
  });
}

/** Certificates that no run orders yet, and those whose pause comes to an end. */
async function laterOrders(
  ledger: Ledger,
  { wanted, paused, rows, reasons }: DuePlan,
  now: Date,
): Promise<Coming[]> {
  const isOrderedNow = (name: string): boolean => isOrder(reasons.get(name) ?? null);
  const known = new Set(rows.map(({ name }) => name));
  const resumed = paused.filter((facts) => (pauseOf(facts, now)?.until ?? null) !== null);
  const unknown = [...wanted, ...resumed].filter(({ name }) => !known.has(name));
  const later = [...rows.filter(({ name }) => !isOrderedNow(name)), ...(await rowsOf(ledger, unknown))];
  return later.map((certificate) => {
    const from = pauseOf(certificate, now)?.until ?? now;
    const dueAt = isOrder(dueOf(certificate, from)) ? from : (renewalOf(certificate)?.dueAt ?? from);
    return { certificate, names: certificate.names, dueAt, at: dueAt };
  });
}

/** A certificate that only lacks its deploy hook isn't ordered. */
function isOrder(due: Due | null): boolean {
  return due !== null && due.reason !== 'not-deployed';
}

interface At {
  context: CommandContext;
  ledger: Ledger;
  ca: string;
  now: Date;
}

async function daysAt({ context, ledger, ca, now }: At, unsorted: readonly Coming[]): Promise<DayPlan[]> {
  const coming = [...unsorted].sort((one, other) => one.at.getTime() - other.at.getTime());
  const limits = limitsAt(authorityOf(ca), context.settings.limits);
  const certificates = coming.map(({ certificate, names }) => ({ ...certificate, names }));
  const costs = await orderCosts(
    { ledger, ca, limits, rules: context.settings.solvers, now },
    certificates,
    (index) => coming[index]?.at ?? now,
  );
  const planned = planAhead(
    coming.map(({ at }, index) => ({ at, charges: costs.charges[index] ?? [] })),
    costs.buckets,
  );
  const allowance = limits.allowances['new-orders'];
  const limit = allowance && { max: allowance.max, periodSeconds: allowance.periodMs / 1000, usedAtMost: 0 };
  const days = new Map<string, DayPlan>();
  for (const [index, { goesAt, newOrdersUsed }] of planned.entries()) {
    const { names, dueAt } = coming[index] ?? { names: [], dueAt: goesAt };
    const day = dayOf(goesAt);
    const none = { day, ca, orders: 0, names: 0, late: 0, newOrders: 0, limit: limit && { ...limit } };
    const plan: DayPlan = days.get(day) ?? none;
    days.set(day, plan);
    plan.orders += 1;
    plan.names += names.length;
    plan.late += dayOf(dueAt) < day ? 1 : 0;
    if (newOrdersUsed === null) continue;
    plan.newOrders += 1;
    if (plan.limit !== null) plan.limit.usedAtMost = Math.max(plan.limit.usedAtMost, newOrdersUsed);
  }
  return [...days.values()];
}

function dayOf(time: Date): string {
  return timeText(time).slice(0, 10);
}

function latest(one: Date, other: Date): Date {
  return one > other ? one : other;
}
