import { later } from '../../clock.ts';
import type { Ledger } from '../ledger.ts';

/** CAs validate within seconds; what they are asked for later, such as by `authz sync`, makes them look at nothing. */
const validatedWithinMs = 60_000;

/**
 * When the CA last may have asked for the TXT records of this identifier, for another authorization of the account; null when it never did.
 * The base name and its wildcard have the same records.
 */
export async function lastAskedAbout(
  ledger: Ledger,
  { accountId, identifier, exceptId }: { accountId: number; identifier: string; exceptId: number },
): Promise<Date | null> {
  const row = await ledger
    .selectFrom('authorizations')
    .select(['submitted_at', 'checked_at'])
    .where('account_id', '=', accountId)
    .where('identifier', '=', identifier)
    .where('challenge_type', '=', 'dns-01')
    .where('id', '<>', exceptId)
    .where('submitted_at', 'is not', null)
    .orderBy('submitted_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  const { submitted_at: submittedAt, checked_at: checkedAt } = row ?? {
    submitted_at: null,
    checked_at: null,
  };
  if (submittedAt === null || checkedAt === null || checkedAt < submittedAt) return submittedAt;
  const latest = later(submittedAt, validatedWithinMs);
  return checkedAt < latest ? checkedAt : latest;
}
