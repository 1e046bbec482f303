import { isGone } from '../acme/objects/problems.ts';
import type { Resource } from '../acme/objects/resources.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { authorizationById } from '../ledger/authorizations/authorizations.ts';
import type { KnownAuthorization } from '../ledger/authorizations/found-urls.ts';
import { isLedgerFailure } from '../ledger/ledger-failure.ts';
import type { UrlSet } from '../system/url-set.ts';
import { askableUrl, isNumberedFor } from './asked-server.ts';
import type { Clearing } from './clear-one.ts';
import { clearOne, clearShown, isForeign } from './clear-one.ts';
import type { Cleared, Subject, Told } from './clear-line.ts';
import { lineOf } from './clear-line.ts';
import { rememberedOutcome, remember, notAskedBefore } from './found-before.ts';
import { foundInOf, placeOf } from './kept-urls.ts';
import type { Account, Lead } from './leads.ts';
import { lookedUp } from './leads.ts';

export interface FoundClearing extends Clearing {
  concurrency: number;
  /** How the URLs were found. */
  source: 'log' | 'discovered';
  /** A person gave each URL by itself: URLs that aren't asked for are reported. */
  isGiven?: boolean;
  /** The authorization that a challenge's URL tells by itself; null where the CA has to be asked. */
  authorizationOf: (challengeUrl: string) => string | null;
  /** Progress in URLs that are dealt with. */
  progress?: { expect: (count: number) => void; done: () => void };
}

export interface Hunt {
  clearing: FoundClearing;
  /** Authorizations that were looked at, or are. */
  dealtWith: UrlSet;
  counted: { elsewhere: number; untold: number };
  isStopped: () => boolean;
  tell: (cleared: Cleared) => void;
}

/** Why a URL led to nothing: the CA has forgotten it, or no account of this run has it. */
type Missing = 'gone' | 'foreign';

/**
 * Clears the authorizations that a URL leads to. Where the URL may be read in two ways, the longer is asked
 * for when the CA has nothing at the shorter.
 */
export async function follow(hunt: Hunt, lead: Lead): Promise<void> {
  let missing = await pursue(hunt, lead);
  const { written, ...found } = lead.found;
  if (missing === 'gone' && written !== undefined && written !== lead.url) {
    for await (const longer of lookedUp(lead.candidates, [{ ...found, url: written }])) {
      missing = await pursue(hunt, { ...longer, isLastOfTwo: true });
    }
  }
  // A URL that nobody wrote isn't reported.
  if (missing !== null) tellOf(hunt, { ...lead, url: written ?? lead.url }, missing);
}

/**
 * Asks the CA for the URL's resource, and clears it, or the authorizations that it names. @returns null when
 * that was done, or reported
 */
async function pursue(hunt: Hunt, lead: Lead): Promise<Missing | null> {
  const { url, row, before } = lead;
  if (!hunt.dealtWith.add(url)) return null;
  if (row !== null) return clearKnown(hunt, lead, row);
  const told = rememberedOutcome(lead);
  if (told !== null) return followRemembered(hunt, lead, told);
  const isNumbered = ({ server }: Account): boolean => isNumberedFor(url, server);
  const goneFor = lead.candidates.filter(({ run }) =>
    before.some(({ accountId, outcome }) => outcome === 'gone' && accountId === run.account.id),
  );
  let missing: Missing = goneFor.length > 0 ? 'gone' : 'foreign';
  for (const account of goneFor.some(isNumbered) ? [] : notAskedBefore(lead.candidates, before)) {
    const { session, stops, clock } = account.run;
    const askedAt = clock.now();
    const shown = await account.asking.ask(() => session.getResource(url, stops.work));
    if (shown === null) return null;
    if (!(shown instanceof AcmeLedgerError)) {
      await clearShownResource(hunt, lead, account, { shown, askedAt });
      return null;
    }
    const failure: unknown = shown;
    if (isLedgerFailure(failure)) throw failure;
    if (shown.code === 'interrupted') return null;
    const action = missingBy(shown, lead);
    if (action === null) {
      const failed = { action: 'failed', after: null, reason: shown.message } as const;
      hunt.tell(lineOf(account.run, toldOf(hunt, lead), failed));
      return null;
    }
    await remember(account, url, action);
    if (action === 'foreign') continue;
    missing = 'gone';
    // At other CAs another account's resource is as unknown (404) to this account.
    if (isNumbered(account)) break;
  }
  return missing;
}

/** @returns null where the resource may be there, but can't be asked for now */
function missingBy(error: AcmeLedgerError, { found, isLastOfTwo = false }: Lead): Missing | null {
  if (isForeign(error)) return 'foreign';
  // Boulder answers 400 for a number with more characters behind it.
  const isOneOfTwo = found.written !== undefined || isLastOfTwo;
  return isGone(error) || (isOneOfTwo && [400, 405].includes(error.httpStatus ?? 0)) ? 'gone' : null;
}

async function clearKnown(hunt: Hunt, lead: Lead, row: KnownAuthorization): Promise<Missing | null> {
  const owner = lead.candidates.find(({ run }) => run.account.id === row.account_id);
  const accounts = owner === undefined ? lead.candidates : [owner];
  const [first] = accounts;
  if (first === undefined) return null;
  if (row.status !== 'pending') {
    const over = { action: 'already-final', after: row.status, reason: null } as const;
    hunt.tell(lineOf(first.run, toldOf(hunt, lead), over));
    return null;
  }
  let missing: Missing = 'foreign';
  for (const account of notAskedBefore(accounts, lead.before)) {
    const subject = await subjectOf(hunt, lead, account.run);
    const cleared = await clearOne(account.run, account.asking, subject, clearingOf(hunt));
    if (cleared === null) return null;
    const { action } = cleared;
    if (action !== 'gone' && action !== 'foreign') {
      hunt.tell(cleared);
      return null;
    }
    if (row.account_id !== account.run.account.id) await remember(account, lead.url, action);
    if (action === 'gone') missing = 'gone';
  }
  return missing;
}

function clearingOf({ clearing }: Hunt): Clearing {
  const rememberChallenge = (challenge: string): boolean => clearing.authorizationOf(challenge) === null;
  return { ...clearing, rememberChallenge };
}

/**
 * An authorization that the CA shows is cleared; an order and a challenge lead to theirs, which the ledger
 * remembers.
 */
async function clearShownResource(
  hunt: Hunt,
  lead: Lead,
  account: Account,
  { shown, askedAt }: { shown: Resource; askedAt: Date },
): Promise<void> {
  const { run, asking, server } = account;
  switch (shown.kind) {
    case 'authorization': {
      const subject = await subjectOf(hunt, lead, run);
      const seen = { ...clearingOf(hunt), shown: shown.authorization, askedAt };
      const cleared = await clearShown(run, asking, subject, seen);
      if (cleared !== null) hunt.tell(cleared);
      return;
    }
    case 'order': {
      const named = shown.mayHaveOpen ? shown.authorizationUrls : [];
      const urls = named.flatMap((each) => askableUrl(server, each) ?? []);
      hunt.counted.elsewhere += named.length - urls.length;
      await remember(account, lead.url, 'expanded', urls);
      return clearNamed(hunt, lead, account, urls);
    }
    case 'challenge': {
      const { authorizationUrl: up } = shown;
      const url = up === null ? null : askableUrl(server, up);
      if (url === null) hunt.counted.untold += 1;
      await remember(account, lead.url, url === null ? 'untold' : 'expanded', url === null ? [] : [url]);
      return clearNamed(hunt, lead, account, url === null ? [] : [url]);
    }
    case 'order-list':
      // A log that names the list of an account's orders doesn't say that all of them are to be closed.
      await remember(account, lead.url, 'expanded');
      if (hunt.clearing.isGiven === true)
        tellFailed('it is a list of orders: acme-ledger authz discover walks it');
      return;
    case 'other':
      tellFailed(shown.what);
  }

  function tellFailed(reason: string): void {
    hunt.tell(lineOf(run, toldOf(hunt, lead), { action: 'failed', after: null, reason }));
  }
}

async function clearNamed(
  hunt: Hunt,
  { found }: Lead,
  account: Account,
  urls: readonly string[],
): Promise<void> {
  const named = urls
    .filter((url) => !hunt.dealtWith.has(url))
    .map((url) => ({ ...placeOf(found), url, resource: 'authorization' as const }));
  for await (const each of lookedUp([account], named)) {
    if (!hunt.isStopped()) await follow(hunt, each);
  }
}

async function followRemembered(
  hunt: Hunt,
  lead: Lead,
  told: { account: Account; urls: readonly string[] } | 'untold',
): Promise<null> {
  if (told === 'untold') hunt.counted.untold += 1;
  else await clearNamed(hunt, lead, told.account, told.urls);
  return null;
}

async function subjectOf(hunt: Hunt, lead: Lead, { ledger }: AccountRun): Promise<Subject> {
  const { row: known } = lead;
  const row = known === null ? null : ((await authorizationById(ledger, known.id)) ?? null);
  return { ...toldOf(hunt, lead), row, source: hunt.clearing.source };
}

function toldOf({ clearing: { source } }: Hunt, { url, row, found }: Lead): Told {
  return { url, row, foundIn: source === 'log' ? foundInOf(found) : null };
}

function tellOf(hunt: Hunt, lead: Lead, action: 'gone' | 'foreign'): void {
  const [first] = lead.candidates;
  if (first === undefined) return;
  const after = action === 'gone' ? 'expired' : null;
  const reason = action === 'gone' ? 'the CA has forgotten it' : 'it belongs to none of these accounts';
  hunt.tell(lineOf(first.run, toldOf(hunt, lead), { action, after, reason }));
}
