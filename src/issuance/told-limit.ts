import { isProblem } from '../acme/problems.ts';
import { later } from '../clock.ts';
import type { AcmeLedgerError } from '../errors.ts';
import type { Identifier } from '../identifiers.ts';
import { identifierSetKey } from '../identifiers.ts';
import type { HoldScope } from '../ledger/states.ts';

/**
 * What was asked of the CA: reads have no effect (RFC 8555 §6.3) and may be repeated; a page of a list only with the whole list, and the
 * submit of a challenge only with its time written down anew. Renewal information is advice: nobody waits for it.
 */
export type Asked =
  | { kind: 'read' | 'page' | 'renewalInfo' | 'act' | 'submit' | 'deactivate' | 'newAccount' }
  | { kind: 'newOrder'; identifiers: readonly Identifier[] };

/** What a 429 or 503 is about, and until when the CA is to be left alone with it. */
export interface ToldLimit {
  scope: HoldScope;
  /** The domain, the name or the set of names; empty where the scope says all. */
  subject: string;
  /** The CA's name for the limit where it has one. */
  limit: string;
  notBefore: Date;
}

/** A 429 without Retry-After: new orders are tried again about once in a cron interval, other requests after a minute. */
const assumedOrderWaitMs = 600_000;
const assumedWaitMs = 60_000;
/** No limit of a public CA looks back further than a week; a "come back" later than a day on every request is a fault of somebody's. */
const longestOrderWaitMs = 8 * 86_400_000;
const longestWaitMs = 86_400_000;
/** A Retry-After of 0 is no leave to ask in a tight loop. */
const shortestWaitMs = 1_000;

/**
 * What the CA's refusal means for whoever shares the ledger (RFC 8555 §6.6); null for an error that asks nobody to wait. Boulder's
 * limits are told apart by the anchor of the link in their text, which its documentation keeps stable; its sentences aren't.
 */
export function toldLimit(error: AcmeLedgerError, asked: Asked, now: Date): ToldLimit | null {
  // Advice has its own limits, and each certificate its own time to be asked for it: renewals don't wait for that.
  if (error.code !== 'ca-limit' || asked.kind === 'renewalInfo') return null;
  const isLimit = error.httpStatus === 429 || isProblem(error, 'rateLimited');
  if (!isLimit && error.retryAt === undefined) return null;
  const about = isLimit && isProblem(error, 'rateLimited') ? limitOf(error, asked) : everything(error);
  const isNarrow = about.scope !== 'requests';
  const assumed = later(now, isNarrow ? assumedOrderWaitMs : assumedWaitMs);
  const longest = later(now, isNarrow ? longestOrderWaitMs : longestWaitMs);
  const wanted = error.retryAt ?? assumed;
  const shortest = later(now, shortestWaitMs);
  return { ...about, notBefore: wanted < shortest ? shortest : wanted > longest ? longest : wanted };
}

type About = Omit<ToldLimit, 'notBefore'>;

/** A load balancer's answer, or a limit that isn't about an order. */
function everything(error: AcmeLedgerError): About {
  return { scope: 'requests', subject: '', limit: `http-${String(error.httpStatus ?? 503)}` };
}

function limitOf(error: AcmeLedgerError, asked: Asked): About {
  if (asked.kind === 'newAccount') return { scope: 'registration', subject: '', limit: 'new-registrations' };
  if (asked.kind !== 'newOrder') return everything(error);
  const detail = error.problem?.detail ?? '';
  const anchor = /\/rate-limits\/?#([a-z0-9-]{1,100})/.exec(detail)?.[1];
  const these = { scope: 'names', subject: identifierSetKey(asked.identifiers) } as const;
  if (/\/unpause\?jwt=/.test(detail)) return { ...these, limit: 'paused' };
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
      return { scope: 'orders', subject: '', limit: anchor ?? ownNameFor(detail) };
  }
}

function ownNameFor(detail: string): string {
  return /pending authorizations/i.test(detail) ? 'pending-authorizations' : 'new-orders';
}

/** Which of the order's names is meant: the CA quotes it. */
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
