import { authorityOf } from '../../acme/authorities/authorities.ts';
import type { ChallengeAnswer } from '../../challenges/solver.ts';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log-and-stops.ts';
import type { Settings } from '../../settings/settings.ts';
import { ownAddresses } from '../../system/own-addresses.ts';
import { timeLimit } from '../../system/time-limit.ts';
import { type CheckParts, MachineLimits } from '../check-parts.ts';
import { checkView } from '../check-view.ts';
import { resolverAt } from '../dns/resolver.ts';
import { Outside } from './outside.ts';
import { SeenAddresses } from './seen-addresses.ts';
import {
  type ServedLook,
  addressesOf,
  hasToken,
  isCertainlyElse,
  isSilent,
  isSomethingElse,
  looksAt,
} from './served-looks.ts';
import { answersElse, mayAnswerElse } from './served-text.ts';

/** A web server that is slower than this is left to the CA. */
const answerTimeoutMs = 5_000;
/** The look at one name may take so long; it waits for 5 s in all for a token that is on its way. */
const longestMs = 8_000;

/** What the look needs of an account's run. */
export interface LookingRun {
  account: { ca: string };
  clock: Pick<Clock, 'sleep'>;
  log: Log;
  stops: { work: AbortSignal };
}

interface ServedLimits {
  isOwn?: (address: string) => boolean;
  answerTimeoutMs?: number;
  longestMs?: number;
}

/**
 * The look at http-01 answers that are up, right before they are submitted (`AccountRun.lookAtServed`): each address of the name is asked as
 * the CA would ask it. An address that answers with something else than the token is warned of, and the answer is submitted all the same:
 * routers, firewalls and CDNs answer this machine otherwise than the CA. Only what is certain is an error: the token is missing at the address
 * that the CA takes first, and that address is this machine's, or gave one of our tokens before. Silence, names that this machine can't find,
 * and addresses that a public CA never sees say nothing. The look is made only where this machine is known to see the DNS as the CA does:
 * with a resolver that was given for that, or for a CA that sees what everybody sees.
 */
export function lookAtServed(
  settings: Pick<Settings, 'probe'>,
  given: ServedLimits = {},
): (run: LookingRun, answer: ChallengeAnswer) => Promise<void> {
  const { resolver } = settings.probe.view;
  const limits = { isOwn: ownAddresses(), answerTimeoutMs, longestMs, ...given };
  const view = { ...checkView(settings.probe, undefined), answerTimeoutMs: limits.answerTimeoutMs };
  const outside = new Outside(view.resolvers.length > 0);
  const seen = new SeenAddresses(limits.isOwn);
  return async (run, answer) => {
    const isPublicCa = authorityOf(run.account.ca).name !== null;
    if (answer.type !== 'http-01' || outside.isBlind || (resolver === null && !isPublicCa)) return;
    const { work } = run.stops;
    const limit = timeLimit(limits.longestMs, work);
    const parts: CheckParts = {
      view,
      resolver: resolverAt(view, limit.signal),
      machine: new MachineLimits(),
      reach: { connected: 0, silent: new Set() },
      signal: limit.signal,
    };
    try {
      if (await outside.isResolving(parts))
        await lookAtName(answer, { run, parts, seen, outside, isPublicCa });
      else outside.note(false, run.log);
    } catch (error) {
      work.throwIfAborted();
      if (!limit.signal.aborted) throw error;
      outside.note(false, run.log);
    } finally {
      limit.clear();
    }
  };
}

interface Looking {
  run: LookingRun;
  parts: CheckParts;
  seen: SeenAddresses;
  outside: Outside;
  isPublicCa: boolean;
}

/** @throws AcmeLedgerError `solver` when the CA is certain to see something else */
async function lookAtName(answer: ChallengeAnswer, looking: Looking): Promise<void> {
  const { run, parts, seen, outside } = looking;
  const { all, first } = await addressesOf(answer, parts, looking);
  const asked = all.filter((address) => seen.isAsked(address));
  const looks = await looksAt(answer, asked, { parts, clock: run.clock, onLook: noter(answer, seen) });
  run.stops.work.throwIfAborted();
  const wrong = looks.filter(({ look }) => isSomethingElse(look, answer));
  const certain = wrong.filter((each) => isCertainlyElse(each, answer) && seen.isKnown(each.address));
  for (const { address } of wrong) seen.noteElse(address);
  outside.note(
    all.some((address) => seen.hasAnswered(address)),
    run.log,
  );
  const [fatal] = certain;
  // The CA takes any one of several addresses.
  const isCertain = first.every((address) => certain.some((each) => each.address === address));
  if (fatal !== undefined && first.length > 0 && isCertain) throw answersElse(answer, fatal);
  const [told] = wrong;
  if (told !== undefined) {
    const { message, hint } = mayAnswerElse(answer, told, { isLast: !seen.isAsked(told.address) });
    run.log.warn({ hint }, message);
  }
}

/** Notes looks as they are made: addresses that are silent are remembered where the time for a name is over, too. */
function noter(answer: ChallengeAnswer, seen: SeenAddresses): (each: ServedLook) => void {
  return (each) => {
    if (each.look.is === 'answered') seen.noteAnswered(each.address);
    if (hasToken(each, answer)) seen.noteRight(each.address);
    if (isSilent(each, answer)) seen.noteSilent(each.address);
  };
}
