import { farthestReservationMs } from '../../bounded-wait.ts';
import { compiledOnce } from '../compiled.ts';
import type { Ledger } from '../ledger.ts';
import { instantFrom, type Instant } from '../columns.ts';
import type { LedgerWriter } from '../writer.ts';
import { instant } from '../writer.ts';

/** The numbers that the gate compares with its threshold. */
export interface GateCount {
  /** Authorizations that are pending at the CA as far as the ledger knows. */
  pending: number;
  /** Of the pending authorizations, those whose challenge was never submitted. */
  unsubmitted: number;
  /** Authorizations that intents may still open. */
  reserved: number;
  /** Of the reserved authorizations, those of newOrders that were given up without an answer. */
  lost: number;
  oldestPendingAt: Instant | null;
  /** When the first of the pending authorizations ends by expiring. */
  nextExpiryAt: Instant | null;
}

/** Our clock may be ahead of the CA's: an authorization counts this much longer than its `expires` says. */
const clockSkewMs = 10 * 60_000;

export async function gateCount(ledger: Ledger, accountId: number, now: Date): Promise<GateCount> {
  const cutoff = new Date(now.getTime() - clockSkewMs);
  const {
    rows: [open],
  } = await openOf(ledger, { accountId, cutoff });
  const {
    rows: [intents],
  } = await reservedOf(ledger, {
    accountId,
    cutoff,
    farthest: new Date(now.getTime() + farthestReservationMs),
  });
  return {
    pending: Number(open?.pending ?? 0),
    unsubmitted: Number(open?.unsubmitted ?? 0),
    reserved: Number(intents?.reserved ?? 0),
    lost: Number(intents?.lost ?? 0),
    oldestPendingAt: instantFrom(open?.oldest ?? null),
    nextExpiryAt: instantFrom(open?.next ?? null),
  };
}

interface Counted {
  accountId: number;
  /** Authorizations and reservations that ended before this time count no more. */
  cutoff: Instant;
}

const openOf = compiledOnce((ledger, { accountId, cutoff }: Counted) =>
  ledger
    .selectFrom('authorizations')
    .select((select) => [
      select.fn.countAll<number | string>().as('pending'),
      select.fn
        .sum<number | string | null>(
          select.case().when('challenge', 'in', ['none', 'presented']).then(1).else(0).end(),
        )
        .as('unsubmitted'),
      select.fn.min<string | null>('created_at').as('oldest'),
      select.fn.min<string | null>('expires_at').as('next'),
    ])
    .where('account_id', '=', accountId)
    .where('status', '=', 'pending')
    .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', cutoff)])),
);

const reservedOf = compiledOnce((ledger, { accountId, cutoff, farthest }: Counted & { farthest: Instant }) =>
  ledger
    .selectFrom('orders')
    .select((select) => [
      select.fn.sum<number | string | null>('reserved').as('reserved'),
      select.fn
        .sum<number | string | null>(
          select.case().when('status', '=', 'abandoned').then(select.ref('reserved')).else(0).end(),
        )
        .as('lost'),
    ])
    .where('account_id', '=', accountId)
    .where('reserved', '>', 0)
    .where('reserved_until', '>', cutoff)
    // A reservation beyond that was written by a clock that was ahead.
    .where('reserved_until', '<=', farthest),
);

/**
 * First statement of an admission. Two admissions of one account can't both be past it: SQLite lets one
 * writer in at a time, PostgreSQL holds the second at this row.
 */
export async function lockGate(writer: LedgerWriter, accountId: number): Promise<void> {
  await markChecked(writer.ledger, { accountId, at: instant(writer) });
}

const markChecked = compiledOnce((ledger, { accountId, at }: { accountId: number; at: Instant }) =>
  ledger.updateTable('accounts').set({ gate_checked_at: at }).where('id', '=', accountId),
);
