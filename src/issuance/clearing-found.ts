import { isGone } from '../acme/problems.ts';
import type { Order } from '../acme/resources.ts';
import { AcmeLedgerError } from '../errors.ts';
import { authorizationById } from '../ledger/authorizations.ts';
import { type FoundBefore, recordFoundUrl } from '../ledger/found-urls.ts';
import { UrlSet } from '../url-set.ts';
import { Asking } from './asking.ts';
import { eachOf } from './bounded-pull.ts';
import {
  type Cleared,
  type Clearing,
  type Subject,
  type Told,
  clearOne,
  isForeign,
  lineOf,
} from './clearing-one.ts';
import { type Account, type Lead, leadsOf, leadsTo, lookedUp } from './clearing-leads.ts';
import { askableUrl, askedServer, isNumberedFor } from './clearing-scope.ts';
import type { Issuance } from './issuance.ts';
import { type FoundUrl, KeptUrls } from './kept-urls.ts';

export interface FoundClearing extends Clearing {
  concurrency: number;
  /** How they were found. */
  source: 'log' | 'discovered';
  /** The authorization that a challenge's URL tells by itself; null where the CA has to be asked. */
  authorizationOf: (challengeUrl: string) => string | null;
  /** How far it is, in URLs that are dealt with. */
  progress?: { expect: (count: number) => void; done: () => void };
}

export interface FoundEnd {
  /** Distinct URLs of hosts that are no server of these accounts: nothing was sent there. */
  elsewhere: number;
  /** Challenges of which the CA doesn't tell the authorization, and nothing else named it. */
  untold: number;
  /** URLs that weren't asked for any more: what `ends` says, or an interruption. */
  notAsked: number;
  /** Why not all were asked for, for each account that there is a reason of. */
  ends: { issuance: Issuance; end: AcmeLedgerError }[];
}

interface Hunt {
  clearing: FoundClearing;
  /** Authorizations that were looked at, or are. */
  dealtWith: UrlSet;
  counted: { elsewhere: number; untold: number };
  isStopped: () => boolean;
  tell: (cleared: Cleared) => void;
}

/**
 * Closes what other clients left pending, as far as it belongs to these accounts: orders and challenges lead to their authorizations, each
 * authorization is asked of the account that it belongs to. What the ledger holds as over, or was told before, costs no request.
 * @param found each URL once; taken as fast as it is dealt with
 * @throws what `found` throws
 */
export async function clearFound(
  issuances: readonly Issuance[],
  found: AsyncIterable<FoundUrl>,
  clearing: FoundClearing,
  tell: (cleared: Cleared) => void,
): Promise<FoundEnd> {
  const accounts = issuances.map((issuance) => {
    const server = askedServer(issuance.session.directory, issuance.session.account?.url ?? null);
    return { issuance, server, asking: new Asking() };
  });
  const counted = { elsewhere: 0, untold: 0 };
  const isStopped = (): boolean => accounts.every(({ issuance }) => issuance.stops.work.aborted);
  const hunt: Hunt = { clearing, dealtWith: new UrlSet(), counted, isStopped, tell };
  const challenges = new KeptUrls();
  const leads = leadsOf(accounts, found, clearing.authorizationOf, {
    asked: () => clearing.progress?.expect(1),
    elsewhere: () => (counted.elsewhere += 1),
    challenge: (each) => challenges.push(each),
  });
  let skipped = 0;
  const act = async (lead: Lead): Promise<void> => {
    if (isStopped()) {
      skipped += 1;
      return;
    }
    await follow(hunt, lead);
    clearing.progress?.done();
  };
  await eachOf(leads, clearing.concurrency, act);
  await eachOf(leadsTo(accounts, challenges), clearing.concurrency, act);
  const notAsked = accounts.reduce((sum, { asking }) => sum + asking.notAsked, skipped);
  const ends = accounts.flatMap(({ issuance, asking: { end } }) => (end === null ? [] : [{ issuance, end }]));
  return { ...counted, notAsked, ends };
}

async function follow(hunt: Hunt, lead: Lead): Promise<void> {
  if (lead.found.resource === 'authorization') return settle(hunt, lead);
  const ledTo = await expand(hunt, lead);
  if (ledTo === null || ledTo.urls.length === 0) return;
  const { account } = ledTo;
  const urls = ledTo.urls.filter((url) => !hunt.dealtWith.has(url));
  const named = urls.map((url) => ({ ...lead.found, url, resource: 'authorization' as const }));
  for await (const each of lookedUp([account], named)) {
    if (!hunt.isStopped()) await settle(hunt, each);
  }
}

async function settle(hunt: Hunt, lead: Lead): Promise<void> {
  const { url, row, before } = lead;
  if (!hunt.dealtWith.add(url)) return;
  const owner =
    row === null ? undefined : lead.candidates.find((one) => one.issuance.account.id === row.account_id);
  const candidates = owner === undefined ? lead.candidates : [owner];
  const [first] = candidates;
  if (first === undefined) return;
  if (row !== null && row.status !== 'pending') {
    hunt.tell(
      lineOf(first.issuance, toldOf(hunt, lead), {
        action: 'already-final',
        after: row.status,
        reason: null,
      }),
    );
    return;
  }
  const subject = await subjectOf(hunt, lead, first.issuance);
  const isNumbered = ({ server }: Account): boolean => isNumberedFor(url, server);
  const goneFor = candidates.filter(({ issuance }) =>
    before.some(({ accountId, outcome }) => outcome === 'gone' && accountId === issuance.account.id),
  );
  let gone: Cleared | null = null;
  for (const account of goneFor.some(isNumbered) ? [] : untold(candidates, before)) {
    const { issuance, asking } = account;
    const cleared = await clearOne(issuance, asking, subject, {
      ...hunt.clearing,
      rememberChallenge: (challenge) => hunt.clearing.authorizationOf(challenge) === null,
    });
    if (cleared === null) return;
    const { action } = cleared;
    if (action !== 'gone' && action !== 'foreign') {
      hunt.tell(cleared);
      return;
    }
    if (row?.account_id !== issuance.account.id) await remember(account, url, action);
    if (action === 'foreign') continue;
    gone ??= cleared;
    // Elsewhere one of another account is as unknown (404) to this one.
    if (isNumbered(account)) break;
  }
  if (gone !== null) hunt.tell(gone);
  else tellOf(hunt, lead, goneFor.length > 0 ? 'gone' : 'foreign');
}

/** The accounts that weren't told before that it isn't theirs. */
function untold(candidates: readonly Account[], before: readonly FoundBefore[]): Account[] {
  return candidates.filter(
    ({ issuance }) => !before.some(({ accountId }) => accountId === issuance.account.id),
  );
}

async function subjectOf(hunt: Hunt, lead: Lead, { ledger }: Issuance): Promise<Subject> {
  const { row: known } = lead;
  const row = known === null ? null : ((await authorizationById(ledger, known.id)) ?? null);
  return { ...toldOf(hunt, lead), row, source: hunt.clearing.source };
}

function toldOf({ clearing: { source } }: Hunt, { url, row, found }: Lead): Told {
  return { url, row, foundIn: source === 'log' ? found : null };
}

function tellOf(hunt: Hunt, lead: Lead, action: 'gone' | 'foreign'): void {
  const [first] = lead.candidates;
  if (first === undefined) return;
  const after = action === 'gone' ? 'expired' : null;
  const reason = action === 'gone' ? 'the CA has forgotten it' : 'it belongs to none of these accounts';
  hunt.tell(lineOf(first.issuance, toldOf(hunt, lead), { action, after, reason }));
}

async function remember(
  { issuance }: Account,
  url: string,
  outcome: FoundBefore['outcome'],
  authorizations: string[] = [],
): Promise<void> {
  await recordFoundUrl(issuance, url, { accountId: issuance.account.id, outcome, authorizations });
}

/** The authorizations of an order or a challenge that may be open, and the account that they belong to; null when that was told. */
async function expand(hunt: Hunt, lead: Lead): Promise<{ account: Account; urls: string[] } | null> {
  for (const { accountId, outcome, authorizations } of lead.before) {
    const account = lead.candidates.find(({ issuance }) => issuance.account.id === accountId);
    if (outcome === 'expanded' && account !== undefined) return { account, urls: authorizations };
  }
  if (lead.before.some(({ outcome }) => outcome === 'untold')) {
    hunt.counted.untold += 1;
    return null;
  }
  let isGoneAnywhere = lead.before.some(({ outcome }) => outcome === 'gone');
  for (const account of untold(lead.candidates, lead.before)) {
    const urls = await account.asking.ask(() => authorizationsAt(hunt, account, lead));
    if (urls === null) return null;
    if (urls === 'untold') {
      await remember(account, lead.url, 'untold');
      hunt.counted.untold += 1;
      return null;
    }
    if (!(urls instanceof AcmeLedgerError)) {
      await remember(account, lead.url, 'expanded', urls);
      return { account, urls };
    }
    if (urls.code === 'interrupted') return null;
    // An order of another account is unknown (404) to this one at some CAs.
    if (!isForeign(urls) && !isGone(urls)) {
      const failed = { action: 'failed', after: null, reason: urls.message } as const;
      hunt.tell(lineOf(account.issuance, toldOf(hunt, lead), failed));
      return null;
    }
    isGoneAnywhere ||= isGone(urls);
    await remember(account, lead.url, isGone(urls) ? 'gone' : 'foreign');
  }
  tellOf(hunt, lead, isGoneAnywhere ? 'gone' : 'foreign');
  return null;
}

async function authorizationsAt(
  { counted }: Hunt,
  { issuance, server }: Account,
  { url, found }: Lead,
): Promise<string[] | 'untold'> {
  const { session, stops } = issuance;
  if (found.resource === 'order') {
    const named = openOf(await session.getOrder(url, stops.work));
    const askable = named.flatMap((each) => askableUrl(server, each) ?? []);
    counted.elsewhere += named.length - askable.length;
    return askable;
  }
  const up = await session.authorizationOfChallenge(url, stops.work);
  const askable = up === null ? null : askableUrl(server, up);
  return askable === null ? 'untold' : [askable];
}

/** RFC 8555 §7.1.6: an order that is past `pending` has no authorization that is; one that failed may have. */
function openOf({ status, authorizationUrls }: Order): string[] {
  return status === 'pending' || status === 'invalid' ? authorizationUrls : [];
}
