import { type FoundBefore, type KnownAuthorization, knownUrls } from '../ledger/authorizations/found-urls.ts';
import type { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import { type AskedServer, candidatesFor } from './asked-server.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { type FoundUrl, type KeptUrls, placeOf } from './kept-urls.ts';

/** An account that can be asked. */
export interface Account {
  run: AccountRun;
  server: AskedServer;
  asking: CaQuestions;
}

/** A URL that may be asked for, and the ledger's knowledge of it. */
export interface Lead {
  url: string;
  found: FoundUrl;
  candidates: readonly Account[];
  row: KnownAuthorization | null;
  before: readonly FoundBefore[];
  /** The CA had nothing at the shorter of two ways to read the log's text. */
  isLastOfTwo?: boolean;
}

const lookedUpAtOnce = 250;

/**
 * Leads of the URLs that may be asked for.
 * @param on called for each URL as it is found: whether it will be asked for, or is another server's. A
 * challenge that has to be asked for by itself goes to `challenge`: it is better kept until all else is dealt
 * with, because most challenges belong to authorizations that are known by then
 */
export async function* leadsOf(
  accounts: readonly Account[],
  found: AsyncIterable<FoundUrl>,
  authorizationOf: (challengeUrl: string) => string | null,
  on: { elsewhere: (found: FoundUrl) => void; asked: () => void; challenge: (found: FoundUrl) => void },
): AsyncGenerator<Lead> {
  let chunk: FoundUrl[] = [];
  for await (const each of found) {
    const told = each.resource === 'challenge' ? authorizationOf(each.url) : null;
    const one: FoundUrl = told === null ? each : { url: told, resource: 'authorization', ...placeOf(each) };
    const isAsked = candidatesFor(accounts, one.url) !== null;
    if (isAsked) on.asked();
    else on.elsewhere(each);
    if (!isAsked) continue;
    if (one.resource === 'challenge') on.challenge(one);
    else chunk.push(one);
    if (chunk.length < lookedUpAtOnce) continue;
    yield* lookedUp(accounts, chunk);
    chunk = [];
  }
  yield* lookedUp(accounts, chunk);
}

/** Like `leadsOf`, for challenges that were kept. */
export async function* leadsTo(accounts: readonly Account[], kept: KeptUrls): AsyncGenerator<Lead> {
  for (const piece of kept.pieces()) yield* lookedUp(accounts, piece);
}

/** Looks up for each URL the accounts to ask with, and the ledger's knowledge of it. */
export async function* lookedUp(
  accounts: readonly Account[],
  found: readonly FoundUrl[],
): AsyncGenerator<Lead> {
  const ledger = accounts[0]?.run.ledger;
  if (ledger === undefined) return;
  const leads = found.flatMap((each) => {
    const lead = candidatesFor(accounts, each.url);
    return lead === null ? [] : [{ ...lead, found: each }];
  });
  const { authorizations, found: told } = await knownUrls(
    ledger,
    leads.flatMap(({ url, found: { written } }) => [url, ...(written === undefined ? [] : [written])]),
  );
  for (const lead of leads) {
    const { written = '' } = lead.found;
    // Of two ways to read the log's text the ledger may know the right one.
    const url = !authorizations.has(lead.url) && authorizations.has(written) ? written : lead.url;
    yield { ...lead, url, row: authorizations.get(url) ?? null, before: told.get(url) ?? [] };
  }
}
