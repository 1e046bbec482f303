import { AcmeLedgerError } from '../errors.ts';
import {
  type AuthorizationFilter,
  type ListedAuthorization,
  authorizationsWithName,
  listAuthorizations,
  listedAuthorization,
} from '../ledger/authorizations/authorization-list.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { comparableName } from '../identifiers.ts';
import { nameProven } from '../ledger/authorizations/authorizations.ts';
import { eventsOf } from '../ledger/events.ts';
import type { AuthorizationStatus } from '../ledger/states.ts';
import { printable } from '../printable.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type AuthorizationJson, type EventJson, authorizationJson, eventJson } from './ledger-json.ts';
import { onlyOne, shownMost } from './lists/only-one.ts';
import { globMatcher } from './lists/selection.ts';

/** Which authorizations `authz list` shows. */
export interface AuthorizationChoice {
  /** Undefined: all. */
  statuses: AuthorizationStatus[] | undefined;
  /** Only pending authorizations whose challenge was never submitted. */
  unsubmitted: boolean;
  /** A pattern for names: `*` for any text, `?` for one character; undefined: all names. */
  nameLike: string | undefined;
  /** Only authorizations made longer ago; null: all. */
  olderThanMs: number | null;
  limit: number;
}

/**
 * An authorization, and the name that it proves: wildcards with `*.`, null where the CA was never asked for
 * the authorization.
 */
export interface NamedAuthorization {
  authorization: AuthorizationJson;
  name: string | null;
}

/**
 * Authorizations, newest first; of all accounts unless `--ca` is given. @throws AcmeLedgerError `not-found`
 */
export async function eachAuthorization(
  context: CommandContext,
  { limit, nameLike = '*', ...choice }: AuthorizationChoice,
  act: (named: NamedAuthorization) => void,
): Promise<void> {
  const isMatching = globMatcher(nameLike);
  await withLedger(context.settings, async (ledger) => {
    const filter = filterOf(choice, await accountsAtCa(context, ledger));
    let count = 0;
    for await (const row of listAuthorizations(ledger, filter)) {
      if (count >= limit) break;
      const name = nameProven(row);
      if (!isMatching(name ?? '?')) continue;
      count += 1;
      act({ authorization: authorizationJson(row), name });
    }
  });
}

/**
 * An authorization with its history. @param key the authorization's number in the ledger, its URL, or a name
 * that no other authorization has
 * @throws AcmeLedgerError `not-found`; `usage` when several authorizations have the name
 */
export async function oneAuthorization(
  { settings }: CommandContext,
  key: string,
): Promise<NamedAuthorization & { history: EventJson[] }> {
  return withLedger(settings, async (ledger) => {
    const row = await authorizationFor(ledger, key);
    if (row === undefined) {
      throw new AcmeLedgerError('not-found', `the ledger has no authorization ${printable(key)}`, {
        hint: 'acme-ledger authz list shows those that it has',
      });
    }
    const history = await eventsOf(ledger, { authorizationId: row.id });
    return { authorization: authorizationJson(row), name: nameProven(row), history: history.map(eventJson) };
  });
}

async function authorizationFor(ledger: Ledger, key: string): Promise<ListedAuthorization | undefined> {
  const row = await listedAuthorization(ledger, /^[0-9]+$/.test(key) ? { id: Number(key) } : { url: key });
  if (row !== undefined) return row;
  const one = onlyOne(await authorizationsWithName(ledger, comparableName(key), shownMost + 1), {
    what: 'authz',
    typed: key,
    told: ({ id, status }) => `${String(id)} (${status})`,
  });
  return one === undefined ? undefined : listedAuthorization(ledger, { id: one.id });
}

function filterOf(
  {
    statuses,
    unsubmitted,
    olderThanMs,
  }: Pick<AuthorizationChoice, 'statuses' | 'unsubmitted' | 'olderThanMs'>,
  accountIds: number[] | null,
): AuthorizationFilter {
  return {
    ...(accountIds === null ? {} : { accountIds }),
    ...(statuses === undefined ? {} : { statuses }),
    ...(unsubmitted ? { unsubmitted } : {}),
    ...(olderThanMs === null ? {} : { createdBefore: new Date(Date.now() - olderThanMs) }),
  };
}
