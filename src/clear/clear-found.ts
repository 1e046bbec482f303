import type { AcmeLedgerError } from '../errors.ts';
import { UrlSet } from '../system/url-set.ts';
import { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import { eachOf } from '../issuance/waiting/bounded-pull.ts';
import { type FoundClearing, type Hunt, follow } from './follow-url.ts';
import { type Lead, leadsOf, leadsTo } from './leads.ts';
import { knownOtherwise } from './clear-one.ts';
import { type Cleared, lineOf } from './clear-line.ts';
import { askedServer } from './asked-server.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { type FoundUrl, KeptUrls } from './kept-urls.ts';

export interface FoundEnd {
  /** Distinct URLs of hosts that are no server of these accounts: nothing was sent there. */
  elsewhere: number;
  /** Challenges of which the CA doesn't tell the authorization, and nothing else named it. */
  untold: number;
  /** URLs that weren't asked for any more: for a reason in `ends`, or an interruption. */
  notAsked: number;
  /** Why not all URLs were asked for, for each account that has a reason. */
  ends: { run: AccountRun; end: AcmeLedgerError }[];
}

/**
 * Closes authorizations that other clients left pending, as far as they belong to these accounts: orders and
 * challenges lead to their authorizations, and each authorization is asked of the account that it belongs to.
 * A URL that the ledger holds as over, or has an earlier answer for, costs no request.
 * @param found each URL once; taken as fast as it is dealt with
 * @throws the errors of `found`
 */
export async function clearFound(
  runs: readonly AccountRun[],
  found: AsyncIterable<FoundUrl>,
  clearing: FoundClearing,
  tell: (cleared: Cleared) => void,
): Promise<FoundEnd> {
  const accounts = runs.map((run) => {
    const server = askedServer(run.session.directory, run.session.account?.url ?? null);
    return { run, server, asking: new CaQuestions() };
  });
  const counted = { elsewhere: 0, untold: 0 };
  const isStopped = (): boolean => accounts.every(({ run }) => run.stops.work.aborted);
  const hunt: Hunt = { clearing, dealtWith: new UrlSet(), counted, isStopped, tell };
  const challenges = new KeptUrls();
  const leads = leadsOf(accounts, found, clearing.authorizationOf, {
    asked: () => clearing.progress?.expect(1),
    elsewhere: (each) => {
      counted.elsewhere += 1;
      const [first] = runs;
      if (clearing.isGiven === true && first !== undefined) tell(notAskable(first, each));
    },
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
  const ends = accounts.flatMap(({ run, asking: { end } }) => (end === null ? [] : [{ run, end }]));
  return { ...counted, notAsked, ends };
}

function notAskable(run: AccountRun, { url }: FoundUrl): Cleared {
  const reason =
    knownOtherwise(run, url) ?? "it isn't where this CA has its authorizations, orders and challenges";
  const told = { url, row: null, foundIn: null };
  return lineOf(run, told, { action: 'failed', after: null, reason });
}
