import type { Ledger } from '../ledger.ts';

/**
 * When the CA last may have asked for the TXT records of this identifier, for another authorization; null when it never did. The base name
 * and its wildcard have the same records.
 */
export async function lastAskedAbout(
  ledger: Ledger,
  identifier: string,
  exceptId: number,
): Promise<Date | null> {
  const row = await ledger
    .selectFrom('authorizations')
    .select(['submitted_at', 'checked_at'])
    .where('identifier', '=', identifier)
    .where('challenge_type', '=', 'dns-01')
    .where('id', '<>', exceptId)
    .where('submitted_at', 'is not', null)
    .orderBy('submitted_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { submitted_at: submittedAt, checked_at: checkedAt } = row;
  return checkedAt !== null && submittedAt !== null && checkedAt > submittedAt ? checkedAt : submittedAt;
}
