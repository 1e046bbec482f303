import { printable } from '../printable.ts';
import { dateOf, requiredFields, unreadable } from './objects/fields.ts';
import { jsonOrText } from './http/json-or-text.ts';
import { answerError } from './objects/problems.ts';
import { retryAfter } from './objects/parse-retry-after.ts';
import type { Transport } from './http/transport.ts';

/** RFC 9773 §4.2, and when to ask again (§4.3). */
export interface RenewalInfo {
  /** The suggested window: the end comes after the start. */
  start: Date;
  end: Date;
  /** A web page for people: why the window is as it is. Null without one, and for what isn't a web page's address. */
  explanationUrl: string | null;
  /** `Retry-After`; null without one. */
  retryAt: Date | null;
}

/** RFC 3339 §5.6: with the seconds and the zone. */
const rfc3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const longestUrl = 2_000;

/**
 * Asks when to renew a certificate: a plain GET, without account and nonce (RFC 9773 §4.1;
 * docs/decisions.md#when-to-renew).
 * @param url `renewalInfo` of the directory
 * @param id the certificate's identifier (src/certificates/renewal-identifier.ts)
 * @throws AcmeLedgerError `ca-unreachable`, `ca-limit`, `ca-problem`, `ca-answer`
 */
export async function fetchRenewalInfo(
  url: string,
  id: string,
  transport: Transport,
  options: { now: () => Date; signal?: AbortSignal | undefined },
): Promise<RenewalInfo> {
  const answer = await transport.send({
    method: 'GET',
    url: `${url.replace(/\/$/, '')}/${id}`,
    headers: { Accept: 'application/json' },
    signal: options.signal,
  });
  const data = jsonOrText(answer.body);
  if (answer.status !== 200)
    throw answerError({ ...answer, data }, 'to tell when to renew the certificate', options.now());
  return parseRenewalInfo(data, answer.headers['retry-after'], options.now());
}

/** @throws AcmeLedgerError `ca-answer` */
export function parseRenewalInfo(data: unknown, retryHeader: string | undefined, now: Date): RenewalInfo {
  const fields = requiredFields(data, 'renewal information');
  const suggested = requiredFields(fields['suggestedWindow'], 'suggestedWindow');
  const [start, end] = [instantOf(suggested['start']), instantOf(suggested['end'])];
  if (start === null || end === null)
    throw unreadable('suggestedWindow', 'has a start or an end that is no time (RFC 3339)');
  // RFC 9773 §4.2: an end that isn't after the start is to be treated as if there were no information.
  if (end <= start) throw unreadable('suggestedWindow', 'ends before it begins');
  return {
    start,
    end,
    explanationUrl: webPageOf(fields['explanationURL']),
    retryAt: retryAfter(retryHeader, now),
  };
}

function instantOf(value: unknown): Date | null {
  return typeof value === 'string' && rfc3339.test(value) ? dateOf(value.toUpperCase()) : null;
}

/** The page is only shown, never asked for. */
function webPageOf(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > longestUrl || !URL.canParse(value)) return null;
  const url = new URL(value);
  return url.protocol === 'https:' || url.protocol === 'http:' ? printable(url.href) : null;
}
