import type { Ledger } from '../ledger.ts';
import type { NameServerDelayTable } from '../tables/name-tables.ts';
import type { Selectable } from 'kysely';
import { later } from '../../clock.ts';
import { type LedgerWriter, inTransaction, instant } from '../writer.ts';

export type NameServerDelay = Selectable<NameServerDelayTable>;

/** The first extra wait, and the longest: an order's authorizations live for an hour at some CAs. */
const firstSeconds = 15;
const longestSeconds = 600;
const growth = 4;
/** A success takes a quarter away; what is shorter than this is none. */
const leastSeconds = 4;
/** A thousand names that are proven in one run are one success. */
const calmMs = 3_600_000;

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

/** Records that the CA missed records which all of these servers showed. @returns the extra wait from now on */
export async function recordMissed(writer: LedgerWriter, servers: string): Promise<number> {
  return inTransaction(writer, async (tx) => {
    const before = (await delayOf(tx.ledger, servers))?.extra_seconds ?? 0;
    const extra = Math.min(Math.max(firstSeconds, before * growth), longestSeconds);
    const failed_at = instant(tx);
    await tx.ledger
      .insertInto('name_server_delays')
      .values({ servers, extra_seconds: extra, failed_at, proven_at: null })
      .onConflict((row) => row.column('servers').doUpdateSet({ extra_seconds: extra, failed_at }))
      .execute();
    return extra;
  });
}

/** Records that the CA saw records of these servers: once in an hour without a miss they are waited for a little less. */
export async function recordSeenByCa(writer: LedgerWriter, servers: string): Promise<void> {
  const delay = await delayOf(writer.ledger, servers);
  if (delay === undefined || delay.extra_seconds === 0) return;
  const { extra_seconds: before, failed_at: failedAt, proven_at: provenAt } = delay;
  const hourAgo = later(writer.clock.now(), -calmMs);
  if ([failedAt, provenAt].some((at) => at !== null && at > hourAgo)) return;
  const less = Math.floor(before * 0.75);
  await writer.ledger
    .updateTable('name_server_delays')
    .set({ extra_seconds: less < leastSeconds ? 0 : less, proven_at: instant(writer) })
    .where('servers', '=', servers)
    .where('extra_seconds', '=', before)
    .execute();
}

async function delayOf(ledger: Ledger, servers: string): Promise<NameServerDelay | undefined> {
  return ledger
    .selectFrom('name_server_delays')
    .selectAll()
    .where('servers', '=', servers)
    .executeTakeFirst();
}
