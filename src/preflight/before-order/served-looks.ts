import { isIPv6 } from 'node:net';
import type { Clock } from '../../clock.ts';
import { checkedToken } from '../../challenges/answer-values.ts';
import type { ChallengeAnswer } from '../../challenges/solver.ts';
import type { CheckParts } from '../check-parts.ts';
import { isReserved } from '../dns/address-ranges.ts';
import { textsOf } from '../dns/resolver.ts';
import { type HttpLook, lookAtHttp } from '../web/http-look.ts';

/** Files that one web server hands to the others, and servers that keep for a moment that a file is missing, get so long. */
const againAfterMs = [500, 1_500, 3_000];
const mostAddresses = 8;

/** What an address of a name shows at the path of an answer. */
export interface ServedLook {
  address: string;
  look: HttpLook;
}

interface NameAddresses {
  all: string[];
  /** Of the kind that Boulder takes first: IPv6, where the name has such an address. Empty where that isn't known. */
  first: string[];
}

export async function addressesOf(
  { identifier: { type, value } }: ChallengeAnswer,
  { resolver }: CheckParts,
  { isPublicCa }: { isPublicCa: boolean },
): Promise<NameAddresses> {
  if (type === 'ip') return { all: [value], first: [value] };
  const looks = await Promise.all([resolver.look(value, 'AAAA'), resolver.look(value, 'A')]);
  const all = looks.flatMap(textsOf).filter((address) => !isPublicCa || !isReserved(address));
  const ipv6 = all.filter((address) => isIPv6(address));
  const isKnown = looks.every(({ is }) => is !== 'failed' && is !== 'silent');
  return { all, first: isKnown ? (ipv6.length > 0 ? ipv6 : all) : [] };
}

interface Asking {
  parts: CheckParts;
  clock: Pick<Clock, 'sleep'>;
  /** Is told each look as soon as it is made. */
  onLook: (each: ServedLook) => void;
}

/**
 * Asks each of the addresses as the CA would, and again those that lack the token: the token may be on its way there.
 * @returns what each address showed last, without those whose looks `parts.signal` ended
 */
export async function looksAt(
  answer: ChallengeAnswer,
  addresses: readonly string[],
  asking: Asking,
): Promise<ServedLook[]> {
  const looks = addresses.slice(0, mostAddresses).map(async (address) => {
    try {
      return [{ address, look: await lastLook(answer, address, asking) }];
    } catch (error) {
      if (!asking.parts.signal.aborted) throw error;
      return [];
    }
  });
  return (await Promise.all(looks)).flat();
}

/** @throws the reason of `parts.signal` */
async function lastLook(
  answer: ChallengeAnswer,
  address: string,
  { parts, clock, onLook }: Asking,
): Promise<HttpLook> {
  const path = `/.well-known/acme-challenge/${checkedToken(answer)}`;
  const waitsMs = [...againAfterMs];
  for (;;) {
    const look = await lookAtHttp({ host: answer.identifier.value, path, address }, parts);
    onLook({ address, look });
    const waitMs = isLacking(look, answer) ? waitsMs.shift() : undefined;
    if (waitMs === undefined) return look;
    await clock.sleep(waitMs, parts.signal);
  }
}

function isRight(look: HttpLook, { keyAuthorization }: ChallengeAnswer): boolean {
  // RFC 8555 §8.3: whitespace at the end is ignored.
  return look.is === 'answered' && look.status === 200 && look.body.trimEnd() === keyAuthorization;
}

/** Whether there is an answer, or a redirect that no CA follows, and no token. */
export function isSomethingElse(look: HttpLook, answer: ChallengeAnswer): boolean {
  if (look.is === 'loop' || look.is === 'forbidden-redirect') return true;
  return look.is === 'answered' && !isRight(look, answer);
}

/**
 * Whether a web server says that it doesn't have the token, or has something else in its place. Refusals (401, 403, 407, 429) and failures (5xx)
 * may be meant for this machine alone.
 */
function isLacking(look: HttpLook, answer: ChallengeAnswer): boolean {
  if (look.is !== 'answered') return false;
  return look.status === 404 || (look.status === 200 && !isRight(look, answer));
}

/** Whether the address itself lacks the token. Of another host, to which it redirects, one address alone was looked at. */
export function isCertainlyElse({ look }: ServedLook, answer: ChallengeAnswer): boolean {
  return isLacking(look, answer) && isOfItself(look, answer);
}

/** Whether the address itself has the token. */
export function hasToken({ look }: ServedLook, answer: ChallengeAnswer): boolean {
  return isRight(look, answer) && isOfItself(look, answer);
}

/** Whether nothing answers at the address itself until the time for that is over. */
export function isSilent({ look }: ServedLook, answer: ChallengeAnswer): boolean {
  const isLate =
    (look.is === 'unconnected' && look.reason === 'timeout') || (look.is === 'garbled' && look.isLate);
  return isLate && isOfItself(look, answer);
}

/** Whether all redirects lead to the name itself, and so to the address that was asked first. */
function isOfItself(look: HttpLook, { identifier: { value } }: ChallengeAnswer): boolean {
  const hops = 'hops' in look ? look.hops : [];
  return hops.every((hop) => new URL(hop).hostname === value);
}
