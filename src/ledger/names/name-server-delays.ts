import type { Ledger } from '../ledger.ts';
import type { NameServerDelayTable } from '../tables/name-tables.ts';
import type { Selectable } from 'kysely';
import { later } from '../../clock.ts';
import { type LedgerWriter, inTransaction, instant } from '../writer.ts';

export type NameServerDelay = Selectable<NameServerDelayTable>;

/** The first extra wait, and the longest: all orders with names at these servers wait so long, and few servers are further behind. */
const firstSeconds = 15;
const longestSeconds = 120;
const growth = 4;
/** A success takes a quarter away; what is shorter than this is none. */
const leastSeconds = 4;
/** A thousand names that are proven in one run are one success, and a thousand that fail are one miss. */
const calmMs = 3_600_000;
/** Proofs are noted once in an hour: one that is noted for so long is the last within the hour before, at the most. */
const provenMs = 2 * calmMs;

/** How much longer the records of these servers are waited for, once all of them show it. */
export async function extraWaitSeconds(ledger: Ledger, servers: string): Promise<number> {
  return (await delayOf(ledger, servers))?.extra_seconds ?? 0;
}

/** The delays of all servers that need one, the longest first. */
export async function nameServerDelays(ledger: Ledger): Promise<NameServerDelay[]> {
  return ledger
    .selectFrom('name_server_delays')
    .selectAll()
    .where('extra_seconds', '>', 0)
    .orderBy('extra_seconds', 'desc')
    .orderBy('servers')
    .execute();
}

/**
 * Records that the CA missed records which all of these servers showed: once in an hour they are waited for longer, unless the CA saw other
 * records of theirs in the last hour. Then the fault is the name's own.
 * @returns the extra wait from now on; null when nothing was learned
 */
export async function recordMissed(writer: LedgerWriter, servers: string): Promise<number | null> {
  return inTransaction(writer, async (tx) => {
    const before = await delayOf(tx.ledger, servers);
    const now = tx.clock.now();
    if (isWithin(before?.failed_at, calmMs, now) || isWithin(before?.proven_at, provenMs, now)) return null;
    const extra = Math.min(Math.max(firstSeconds, (before?.extra_seconds ?? 0) * growth), longestSeconds);
    await setDelay(tx, { servers, extra_seconds: extra, failed_at: instant(tx) });
    return extra;
  });
}

/** Records that the CA saw records of these servers: once in an hour without a miss they are waited for a little less. */
export async function recordSeenByCa(writer: LedgerWriter, servers: string): Promise<void> {
  const now = writer.clock.now();
  // Most proofs are one of many within the hour, and need no turn to write.
  if (isWithin((await delayOf(writer.ledger, servers))?.proven_at, calmMs, now)) return;
  await inTransaction(writer, async (tx) => {
    const { extra_seconds: before = 0, failed_at: failedAt } = (await delayOf(tx.ledger, servers)) ?? {};
    const less = isWithin(failedAt, calmMs, now) ? before : Math.floor(before * 0.75);
    const extra = less < leastSeconds ? 0 : less;
    await setDelay(tx, { servers, extra_seconds: extra, proven_at: instant(tx) });
  });
}

/** An instant of a clock that was ahead is within no time. */
function isWithin(at: Date | null | undefined, ms: number, now: Date): boolean {
  return at !== null && at !== undefined && at > later(now, -ms) && at <= now;
}

async function setDelay(
  tx: LedgerWriter,
  delay: { servers: string; extra_seconds: number; failed_at?: Date; proven_at?: Date },
): Promise<void> {
  await tx.ledger
    .insertInto('name_server_delays')
    .values(delay)
    .onConflict((row) => row.column('servers').doUpdateSet(delay))
    .execute();
}

async function delayOf(ledger: Ledger, servers: string): Promise<NameServerDelay | undefined> {
  return ledger
    .selectFrom('name_server_delays')
    .selectAll()
    .where('servers', '=', servers)
    .executeTakeFirst();
}
