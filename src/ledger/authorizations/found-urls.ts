import { chunksOf } from '../chunks.ts';
import type { Ledger } from '../ledger.ts';
import type { AuthorizationRow } from '../schema.ts';
import type { FoundOutcome } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** Of an authorization as much as it takes to tell what became of it: of two hundred thousand nothing more is read. */
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

/** What an account was told of a URL of another client's log. */
export interface FoundBefore {
  accountId: number;
  outcome: FoundOutcome;
  /** Of the outcome `expanded`: those that may be open. */
  authorizations: readonly string[];
}

/** What the ledger knows of these URLs: authorizations, and what others led to, by URL. What it doesn't know is in neither. */
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

/** What the CA told this account of the URL: it isn't asked for that again. */
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
