import { later } from '../../clock.ts';
import { chunksOf } from '../chunks.ts';
import type { Ledger } from '../ledger.ts';

/**
 * Those of the names for which the ledger has an authorization, on any account; a wildcard by its `*.`.
 * @param before only authorizations that were opened before then; null: all
 */
export async function namesAskedFor(
  ledger: Ledger,
  names: readonly string[],
  before: Date | null,
): Promise<Set<string>> {
  const found = new Set<string>();
  const bases = [...new Set(names.map((name) => name.replace(/^\*\./, '')))];
  for (const chunk of chunksOf(bases)) {
    let query = ledger
      .selectFrom('authorizations')
      .select(['identifier', 'wildcard'])
      .distinct()
      .where('identifier', 'in', chunk);
    if (before !== null) query = query.where('created_at', '<', before);
    for (const { identifier, wildcard } of await query.execute())
      if (identifier !== null) found.add(wildcard ? `*.${identifier}` : identifier);
  }
  return found;
}

/** Let's Encrypt takes an authorization again for so long; it counts where the CA hasn't shown when it ends. */
const usualValidityMs = 30 * 24 * 60 * 60_000;

/** Those of the names of which the account has a valid authorization that hasn't ended; a wildcard by its `*.`. */
export async function namesAuthorized(
  ledger: Ledger,
  accountId: number,
  names: readonly string[],
  now: Date,
): Promise<Set<string>> {
  const found = new Set<string>();
  const bases = [...new Set(names.map((name) => name.replace(/^\*\./, '')))];
  for (const chunk of chunksOf(bases)) {
    const rows = await ledger
      .selectFrom('authorizations')
      .select(['identifier', 'wildcard'])
      .distinct()
      .where('account_id', '=', accountId)
      .where('identifier', 'in', chunk)
      .where('status', '=', 'valid')
      .where((row) =>
        row.or([
          row('expires_at', '>', now),
          row.and([row('expires_at', 'is', null), row('checked_at', '>', later(now, -usualValidityMs))]),
        ]),
      )
      .execute();
    for (const { identifier, wildcard } of rows)
      if (identifier !== null) found.add(wildcard ? `*.${identifier}` : identifier);
  }
  return found;
}

/** The names of the orders made since then that have a name in which this text is, each once. */
export async function namesOrderedSince(ledger: Ledger, since: Date, text: string): Promise<string[]> {
  const rows = await ledger
    .selectFrom('orders')
    .select('names')
    .where('created_at', '>=', since)
    .where('names_key', 'like', `%${text}%`)
    .execute();
  return [...new Set(rows.flatMap(({ names }) => names))];
}
