import { sql } from 'kysely';
import type { StoredLedger } from '../ledger.ts';
import type { Finding, Moment } from './finding.ts';
import { findingsMax } from './finding.ts';
import { mendRow } from './row-rule.ts';

/** A CA's answer about a limit is heeded for eight days at most; a day more for clocks. */
const toldMs = 9 * 86_400_000;

/** Limits that count as used for longer than all their tokens take to come back. */
export async function limitsUsedTooLong(ledger: StoredLedger, { now }: Moment): Promise<Finding[]> {
  const rows = await ledger.selectFrom('limit_buckets').selectAll().orderBy('id').execute();
  return rows
    .filter(({ full_at, noted_at, period_seconds }) => {
      // A bucket that was noted by a clock that was ahead counts from now when it is read.
      const from = Math.min(Date.parse(noted_at), now.getTime());
      return Date.parse(full_at) > from + period_seconds * 1000 + toldMs && Date.parse(noted_at) === from;
    })
    .slice(0, findingsMax)
    .map((row) => ({
      code: 'limit-used-too-long',
      level: 'error',
      table: 'limit_buckets',
      id: row.id,
      message: `the limit ${row.limit_name} of ${row.scope} is counted as used until ${row.full_at}, which is longer than it takes to come back`,
      hint: null,
      mend: mendRow({
        code: 'limit-used-too-long',
        table: 'limit_buckets',
        row,
        // All tokens are used, and come back from now on.
        set: { full_at: new Date(now.getTime() + row.period_seconds * 1000).toISOString() },
        guard: sql`full_at = ${row.full_at}`,
      }),
    }));
}
