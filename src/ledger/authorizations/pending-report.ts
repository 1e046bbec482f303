import type { Ledger } from '../ledger.ts';
import { instantFrom, type Instant } from '../columns.ts';
import { unreadableValue } from '../unreadable-value.ts';
import { nameProven } from './authorizations.ts';

/** The open authorizations of one name that one client left on one account, added up. */
export interface OpenName {
  /** Wildcards with `*.`; null for authorizations that the CA was never asked for. */
  name: string | null;
  ca: string;
  account: string | null;
  /**
   * The client in whose log the authorizations were found; null: in none, or the log's client isn't known.
   */
  client: string | null;
  pending: number;
  /** Of the pending authorizations, those whose challenge was never submitted. */
  unsubmitted: number;
  /** When the first authorization was made, at the latest. */
  oldestAt: Instant;
  /** When the first and the last authorization expire. */
  expiresFrom: Instant | null;
  expiresUntil: Instant | null;
}

/** Pending authorizations, as the ledger holds them, added up. */
export async function openNames(ledger: Ledger, accountIds: readonly number[] | null): Promise<OpenName[]> {
  let query = ledger
    .selectFrom('authorizations')
    .innerJoin('accounts', 'accounts.id', 'authorizations.account_id')
    .where('authorizations.status', '=', 'pending')
    .groupBy(['accounts.ca', 'accounts.url', 'identifier', 'wildcard', 'client'])
    .select((select) => [
      'accounts.ca',
      'accounts.url',
      'identifier',
      'wildcard',
      'client',
      select.fn.countAll<number | string>().as('pending'),
      select.fn
        .sum<number | string>(
          select.case().when('challenge', 'in', ['none', 'presented']).then(1).else(0).end(),
        )
        .as('unsubmitted'),
      select.fn.min<string>(select.fn.coalesce('logged_at', 'authorizations.created_at')).as('oldest'),
      select.fn.min<string | null>('expires_at').as('from'),
      select.fn.max<string | null>('expires_at').as('until'),
    ]);
  if (accountIds !== null) query = query.where('authorizations.account_id', 'in', accountIds);
  const rows = await query.execute();
  return rows.map((row) => ({
    name: nameProven(row),
    ca: row.ca,
    account: row.url,
    client: row.client,
    pending: Number(row.pending),
    unsubmitted: Number(row.unsubmitted),
    oldestAt: knownInstant(row.oldest),
    expiresFrom: instantFrom(row.from),
    expiresUntil: instantFrom(row.until),
  }));
}

function knownInstant(text: string): Instant {
  const instant = instantFrom(text);
  if (instant === null)
    throw unreadableValue(text, { table: 'authorizations', column: 'created_at' }, 'time');
  return instant;
}
