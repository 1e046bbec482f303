import { isProblem } from '../../acme/objects/problems.ts';
import { boundedWait } from '../../bounded-wait.ts';
import { later } from '../../clock.ts';
import type { AcmeLedgerError } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import { identifierSetKey } from '../../identifiers.ts';
import type { HoldScope } from '../../ledger/states.ts';
import { isAboutPending } from '../../acme/objects/problem-hints.ts';
import { pendingLimit } from '../../ledger/limits/holds.ts';
import { unpauseUrl } from '../../ca-pause.ts';

/**
 * A request to the CA, by what it does. Reads have no effect (RFC 8555 §6.3) and may be repeated; a page of a
 * list only with the whole list, and the submit of a challenge only with its time written down anew. Renewal
 * information is advice: nobody waits for it.
 */
export type Asked =
  | { kind: 'read' | 'page' | 'renewalInfo' | 'act' | 'deactivate' | 'newAccount' }
  | { kind: 'submit'; url: string }
  | {
      kind: 'newOrder';
      identifiers: readonly Identifier[];
      /** The certificate that the order replaces (RFC 9773 §5). */
      replaces?: string | null | undefined;
    };

/** A limit that the CA told by a 429 or 503: its subject, and until when the CA is left alone with that. */
export interface AnnouncedLimit {
  scope: HoldScope;
  /** The domain, the name or the set of names that the limit is about; empty where the scope says all. */
  subject: string;
  /** The CA's name for the limit where it has one. */
  limit: string;
  notBefore: Date;
}

/**
 * Waits after a 429 without Retry-After: about a cron interval for new orders, a minute for other requests.
 */
const assumedOrderWaitMs = 600_000;
const assumedRequestWaitMs = 60_000;
/** A pause lasts until a person opens its page: after an hour the CA is asked whether somebody did. */
export const pauseLookMs = 3_600_000;
/** The name of the limit of a pause; a hold of the whole account for pauses has a name of its own. */
export const pausedLimit = 'paused';

/**
 * The limit that a refusal of the CA tells of, for all runs on the ledger (RFC 8555 §6.6); null for an error
 * that asks nobody to wait. Boulder's limits are told apart by the anchor of the link in their text, which
 * its documentation keeps stable; its sentences aren't.
 */
export function announcedLimit(error: AcmeLedgerError, asked: Asked, now: Date): AnnouncedLimit | null {
  // Renewal information has its own limits, and each certificate its own time to be asked for it: renewals
  // don't wait for it.
  if (error.code !== 'ca-limit' || asked.kind === 'renewalInfo') return null;
  const isPause = unpauseUrl(error.problem) !== null;
  const isLimit = error.httpStatus === 429 || isProblem(error, 'rateLimited') || isPause;
  if (!isLimit && error.retryAt === undefined) return null;
  const isKnown = isPause || isProblem(error, 'rateLimited');
  const about = isLimit && isKnown ? limitOf(error, asked) : everything(error);
  const wanted = error.retryAt ?? later(now, assumedWaitMs(about));
  return { ...about, notBefore: boundedWait(wanted, now) };
}

/**
 * How long the CA is left alone when it gives no time: after a 429 without Retry-After, and after a pause.
 */
function assumedWaitMs({ scope, limit }: About): number {
  if (limit === pausedLimit) return pauseLookMs;
  return scope === 'requests' ? assumedRequestWaitMs : assumedOrderWaitMs;
}

type About = Omit<AnnouncedLimit, 'notBefore'>;

/** A limit on all requests: a load balancer's answer, or a limit that isn't about an order. */
function everything(error: AcmeLedgerError): About {
  return { scope: 'requests', subject: '', limit: `http-${String(error.httpStatus ?? 503)}` };
}

function limitOf(error: AcmeLedgerError, asked: Asked): About {
  if (asked.kind === 'newAccount') return { scope: 'registration', subject: '', limit: 'new-registrations' };
  if (asked.kind !== 'newOrder') return everything(error);
  const detail = error.problem?.detail ?? '';
  const anchor = /\/rate-limits\/?#([a-z0-9-]{1,100})/.exec(detail)?.[1];
  const these = { scope: 'names', subject: identifierSetKey(asked.identifiers) } as const;
  if (unpauseUrl(error.problem) !== null) return { ...these, limit: pausedLimit };
  switch (anchor) {
    case 'authorization-failures-per-identifier-per-account':
    case 'consecutive-authorization-failures-per-identifier-per-account':
      return { ...(ofName(detail, asked.identifiers) ?? these), limit: anchor };
    case 'new-certificates-per-registered-domain':
      return { ...(ofDomain(detail, asked.identifiers) ?? these), limit: anchor };
    case 'new-certificates-per-exact-set-of-identifiers':
      return { ...these, limit: anchor };
    case undefined:
    default:
      return { scope: 'orders', subject: '', limit: ownNameFor(detail) ?? anchor ?? 'new-orders' };
  }
}

/** Of a limit whose words tell more than its link. */
function ownNameFor(detail: string): string | null {
  return isAboutPending(detail) ? pendingLimit : null;
}

/** The order's name that the CA quotes in its refusal; null when it quotes none of them. */
function ofName(detail: string, identifiers: readonly Identifier[]): Pick<About, 'scope' | 'subject'> | null {
  const name = identifiers
    .map(({ value }) => value)
    .find((value) => detail.toLowerCase().includes(`"${value}"`));
  return name === undefined ? null : { scope: 'name', subject: name };
}

function ofDomain(
  detail: string,
  identifiers: readonly Identifier[],
): Pick<About, 'scope' | 'subject'> | null {
  const quoted = /for "([a-z0-9.-]{1,253})"/.exec(detail.toLowerCase())?.[1];
  const isMeant = quoted !== undefined && identifiers.some(({ value }) => isUnder(value, quoted));
  return isMeant ? { scope: 'domain', subject: quoted } : null;
}

/** Whether a name is the domain or one below it. */
export function isUnder(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}
