import { chunksOf } from '../chunks.ts';
import type { Ledger } from '../ledger.ts';
import type { AuthorizationRow } from '../schema.ts';
import type { FoundOutcome } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/**
 * The columns that tell what became of an authorization: of two hundred thousand rows nothing more is read.
 */
export type KnownAuthorization = Pick<AuthorizationRow, (typeof knownColumns)[number]>;

const knownColumns = [
  'id',
  'account_id',
  'url',
  'identifier',
  'wildcard',
  'status',
  'expires_at',
  'client',
] as const;

/** The CA's answer to an account about a URL of another client's log. */
export interface FoundBefore {
  accountId: number;
  outcome: FoundOutcome;
  /** For the outcome `expanded`: URLs of authorizations that may be open. */
  authorizations: readonly string[];
}

/**
 * Looks these URLs up in the ledger: rows of authorizations, and the CA's answers about other URLs, by URL. A
 * URL that the ledger doesn't know is in neither map.
 */
export async function knownUrls(
  ledger: Ledger,
  urls: readonly string[],
): Promise<{ authorizations: Map<string, KnownAuthorization>; found: Map<string, FoundBefore[]> }> {
  const authorizations = new Map<string, KnownAuthorization>();
  const found = new Map<string, FoundBefore[]>();
  for (const chunk of chunksOf(urls)) {
    for (const row of await ledger
      .selectFrom('authorizations')
      .select(knownColumns)
      .where('url', 'in', chunk)
      .execute()) {
      authorizations.set(row.url, row);
    }
    for (const row of await ledger.selectFrom('found_urls').selectAll().where('url', 'in', chunk).execute()) {
      const { account_id: accountId, outcome } = row;
      const before = { accountId, outcome, authorizations: row.authorizations };
      found.set(row.url, [...(found.get(row.url) ?? []), before]);
    }
  }
  return { authorizations, found };
}

/** Records the CA's answer to this account about a URL, so that the CA isn't asked for that again. */
export async function recordFoundUrl(
  writer: LedgerWriter,
  url: string,
  { accountId, outcome, authorizations }: FoundBefore,
): Promise<void> {
  const told = { outcome, authorizations, asked_at: instant(writer) };
  await inTransaction(writer, async ({ ledger }) => {
    await ledger
      .insertInto('found_urls')
      .values({ account_id: accountId, url, ...told })
      .onConflict((conflict) => conflict.columns(['url', 'account_id']).doUpdateSet(told))
      .execute();
  });
}
