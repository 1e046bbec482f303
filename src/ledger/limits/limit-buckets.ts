import { sql } from 'kysely';
import { longestWaitMs } from '../../bounded-wait.ts';
import type { LimitName } from '../../ca-limits.ts';
import type { Allowance, Bucket } from '../../token-bucket.ts';
import { emptiedUntil, fullBucket, givenBack, taken, withAllowance } from '../../token-bucket.ts';
import type { Ledger } from '../ledger.ts';
import type { LimitBucketRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** The key of a bucket. */
export interface BucketKey {
  /** `accountScope` of an account, or the CA's directory URL for a limit over all accounts. */
  scope: string;
  limit: LimitName;
  /**
   * The registered domain, the name, or the names as `orders.names_key` has them; empty for the account as a
   * whole.
   */
  subject: string;
}

/** The scope of limits that count for one account alone. */
export function accountScope(accountId: number): string {
  return `account ${String(accountId)}`;
}

/** A key as a word, for maps. */
export function bucketWord({ scope, limit, subject }: BucketKey): string {
  return `${scope} ${limit} ${subject}`;
}

interface Stored {
  bucket: Bucket;
  row: LimitBucketRow;
}

/** A bucket noted further ahead than this was written by a clock that was set back since. */
const clockSkewMs = 10 * 60_000;
/** Full buckets are kept for so long: a clock that is ahead for some hours removes none that isn't full. */
const keptFullMs = 86_400_000;
/** SQLite takes 32,766 parameters. */
const subjectsAtOnce = 10_000;

/**
 * The buckets of these scopes that the ledger knows, by their `bucketWord`; all, or those of some subjects.
 */
export async function storedBuckets(
  ledger: Ledger,
  now: Date,
  scopes: readonly string[],
  subjects?: readonly string[],
): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  const parts =
    subjects === undefined
      ? [undefined]
      : Array.from({ length: Math.ceil(subjects.length / subjectsAtOnce) }, (_, part) =>
          subjects.slice(part * subjectsAtOnce, (part + 1) * subjectsAtOnce),
        );
  for (const part of parts) {
    let query = ledger
      .selectFrom('limit_buckets')
      .selectAll('limit_buckets')
      .select(heldBy)
      .where('scope', 'in', scopes);
    if (part !== undefined) query = query.where('subject', 'in', part);
    for (const { held, ...row } of await query.execute()) {
      const key = { scope: row.scope, limit: row.limit_name, subject: row.subject };
      found.set(bucketWord(key), { row, bucket: { ...bucketOf(row, now), held: Number(held) } });
    }
  }
  return found;
}

/** How many tokens are promised to orders that can still become certificates. */
const heldBy = sql<number | string>`(select count(*) from limit_reservations as promised
  join orders on orders.id = promised.order_id
  where promised.bucket_id = limit_buckets.id and orders.concluded_at is null)`.as('held');

function bucketOf(row: LimitBucketRow, now: Date): Bucket {
  const aheadMs = row.noted_at.getTime() - now.getTime();
  const periodMs = row.period_seconds * 1000;
  // When our clock went back since: as much is used as then, and time gives it back from now on.
  const fullAtMs = row.full_at.getTime() - (aheadMs > clockSkewMs ? aheadMs : 0);
  // The farthest time is that of an empty bucket at a CA that wants its next token left alone for a day:
  // nobody can have meant a later one.
  const isPossible = fullAtMs <= now.getTime() + periodMs + longestWaitMs + clockSkewMs;
  return { allowance: { max: row.max, periodMs }, fullAtMs: isPossible ? fullAtMs : 0, held: 0 };
}

/** Takes a token of this bucket, whether one is left or not. */
export async function takeToken(writer: LedgerWriter, key: BucketKey, allowance: Allowance): Promise<void> {
  await changeBucket(writer, key, allowance, taken);
}

/** Gives back a token that was taken and wasn't used up at the CA. */
export async function giveTokenBack(
  writer: LedgerWriter,
  key: BucketKey,
  allowance: Allowance,
): Promise<void> {
  await changeBucket(writer, key, allowance, givenBack);
}

/** Empties the bucket: the CA says that the next token is there at `until`. */
export async function emptyBucket(
  writer: LedgerWriter,
  key: BucketKey,
  allowance: Allowance,
  until: Date,
): Promise<void> {
  await changeBucket(writer, key, allowance, (bucket) => emptiedUntil(bucket, until.getTime()));
}

/** Fills these buckets; a bucket that the ledger doesn't know is full in any case. */
export async function fillBuckets(
  writer: LedgerWriter,
  scope: string,
  limit: LimitName,
  subjects: readonly string[],
): Promise<void> {
  const at = instant(writer);
  await writer.ledger
    .updateTable('limit_buckets')
    .set({ full_at: at, noted_at: at })
    .where('scope', '=', scope)
    .where('subject', 'in', subjects)
    .where('limit_name', '=', limit)
    .where('full_at', '>', at)
    .execute();
}

/**
 * Removes the buckets that were full for a day and of which nothing is promised: a bucket that isn't there is
 * full.
 */
export async function removeFullBuckets(writer: LedgerWriter): Promise<void> {
  const since = new Date(writer.clock.now().getTime() - keptFullMs);
  await writer.ledger
    .deleteFrom('limit_buckets')
    .where('full_at', '<', since)
    .where('id', 'not in', (query) => query.selectFrom('limit_reservations').select('bucket_id'))
    .execute();
}

/** @returns the bucket's id */
export async function changeBucket(
  writer: LedgerWriter,
  key: BucketKey,
  allowance: Allowance,
  change: (bucket: Bucket, nowMs: number) => Bucket,
): Promise<number> {
  return inTransaction(writer, async (tx) => {
    const now = tx.clock.now();
    const stored = (await storedBuckets(tx.ledger, now, [key.scope], [key.subject])).get(bucketWord(key));
    const before =
      stored === undefined ? fullBucket(allowance) : withAllowance(stored.bucket, allowance, now.getTime());
    const after = change(before, now.getTime());
    const values = {
      max: allowance.max,
      period_seconds: Math.ceil(allowance.periodMs / 1000),
      full_at: new Date(after.fullAtMs),
      noted_at: now,
    };
    const row = await tx.ledger
      .insertInto('limit_buckets')
      .values({ scope: key.scope, limit_name: key.limit, subject: key.subject, ...values })
      .onConflict((conflict) => conflict.columns(['scope', 'subject', 'limit_name']).doUpdateSet(values))
      .returning('id')
      .executeTakeFirstOrThrow();
    return row.id;
  });
}
