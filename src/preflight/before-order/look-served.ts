import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { authorityOf } from '../../acme/authorities/authorities.ts';
import { checkedToken } from '../../challenges/answer-values.ts';
import type { ChallengeAnswer } from '../../challenges/solver.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import { printable } from '../../printable.ts';
import type { Settings } from '../../settings/settings.ts';
import { shellWord } from '../../shell-word.ts';
import { type CheckParts, MachineLimits } from '../check-parts.ts';
import { checkView } from '../check-view.ts';
import { isReserved } from '../dns/address-ranges.ts';
import { resolverAt, textsOf } from '../dns/resolver.ts';
import { type HttpLook, lookAtHttp } from '../web/http-look.ts';

/** A web server that is slower than this is left to the CA. */
const answerTimeoutMs = 5_000;
/** Files that one web server hands to the others, and servers that keep for a moment that a file is missing, get so long. */
const againAfterMs = [500, 1_500, 3_000];
/** After so many names in a row of which nothing could be seen, this machine doesn't see what the CA sees. */
const unseenInARow = 3;
const mostAddresses = 8;

/**
 * The look at http-01 answers that are up, right before they are submitted (`AccountRun.lookAtServed`): each address of the name is asked as
 * the CA would ask it. Only an address that answers with something else than the token is an error; silence, names that this machine can't
 * find, addresses that a public CA never sees, and redirects to hosts that aren't looked at say nothing. It is made only where this machine is
 * known to see the DNS as the CA does: with a resolver that was given for that, or for a CA that sees what everybody sees.
 */
export function lookAtServed(settings: Pick<Settings, 'probe'>): NonNullable<AccountRun['lookAtServed']> {
  const { resolver } = settings.probe.view;
  const view = { ...checkView(settings.probe, undefined), answerTimeoutMs };
  let unseen = view.resolvers.length === 0 ? unseenInARow : 0;
  return async (run, answer) => {
    const isPublicCa = authorityOf(run.account.ca).name !== null;
    if (answer.type !== 'http-01' || unseen >= unseenInARow || (resolver === null && !isPublicCa)) return;
    const signal = run.stops.work;
    const parts: CheckParts = {
      view,
      resolver: resolverAt(view, signal),
      machine: new MachineLimits(),
      reach: { connected: 0, silent: new Set() },
      signal,
    };
    if (await isServed(answer, { parts, isPublicCa })) {
      unseen = 0;
      return;
    }
    unseen += 1;
    if (unseen === unseenInARow)
      run.log.warn(
        {},
        'this machine does not see the web servers of the names: http-01 answers are submitted without a look',
      );
  };
}

interface Looking {
  parts: CheckParts;
  isPublicCa: boolean;
}

/** @returns whether anything could be seen @throws AcmeLedgerError `solver` when an address answers with something else */
async function isServed(answer: ChallengeAnswer, looking: Looking): Promise<boolean> {
  let left = await addressesOf(answer, looking);
  let isSeen = false;
  for (const waitMs of [...againAfterMs, null]) {
    const looks = await Promise.all(
      left.map(async (address) => ({ address, look: await lookAtAnswer(answer, address, looking.parts) })),
    );
    isSeen ||= looks.some(({ look }) => look.is === 'answered');
    const wrong = looks.filter(({ look }) => isSomethingElse(look, answer));
    const [first] = wrong;
    if (first === undefined) return isSeen;
    if (waitMs === null) throw answersElse(answer, first);
    await delay(waitMs, undefined, { signal: looking.parts.signal });
    left = wrong.map(({ address }) => address);
  }
  return isSeen;
}

async function addressesOf(
  { identifier: { type, value } }: ChallengeAnswer,
  { parts: { resolver }, isPublicCa }: Looking,
): Promise<string[]> {
  if (type === 'ip') return [value];
  const looks = await Promise.all([resolver.look(value, 'AAAA'), resolver.look(value, 'A')]);
  const all = looks.flatMap(textsOf);
  return all.filter((address) => !isPublicCa || !isReserved(address)).slice(0, mostAddresses);
}

function lookAtAnswer(answer: ChallengeAnswer, address: string, parts: CheckParts): Promise<HttpLook> {
  const path = `/.well-known/acme-challenge/${checkedToken(answer)}`;
  return lookAtHttp({ host: answer.identifier.value, path, address }, parts);
}

function isSomethingElse(look: HttpLook, { keyAuthorization }: ChallengeAnswer): boolean {
  if (look.is === 'loop' || look.is === 'forbidden-redirect') return true;
  // RFC 8555 §8.3: whitespace at the end is ignored.
  return look.is === 'answered' && (look.status !== 200 || look.body.trimEnd() !== keyAuthorization);
}

function answersElse(
  { identifier: { value } }: ChallengeAnswer,
  { address, look }: { address: string; look: HttpLook },
): AcmeLedgerError {
  const name = printable(value);
  const where = isIP(value) === 0 ? ` at ${address}` : '';
  return new AcmeLedgerError(
    'solver',
    `${name}${where} answers ${shown(look)} instead of the token: the CA would fail it, so nothing was submitted`,
    {
      hint:
        `see which web server has that address, or take its record out of the DNS: acme-ledger check ${shellWord(name)} says more. ` +
        'Where this machine sees another server than the internet does, --no-check leaves the look out',
    },
  );
}

function shown(look: HttpLook): string {
  if (look.is === 'loop') return 'with a circle of redirects';
  if (look.is === 'forbidden-redirect') return `with a redirect to ${printable(look.location.slice(0, 100))}`;
  if (look.is !== 'answered') return look.is;
  return look.status === 200 ? `"${printable(look.body.slice(0, 40))}"` : String(look.status);
}
