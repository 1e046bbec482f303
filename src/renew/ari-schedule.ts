import type { Updateable } from 'kysely';
import type { RenewalInfo } from '../acme/renewal-info.ts';
import { later } from '../clock.ts';
import { isPassingFault } from '../error-kinds.ts';
import type { AcmeLedgerError } from '../errors.ts';
import { errorRecord } from '../errors.ts';
import type { RenewalFacts } from '../ledger/certificates/certificates.ts';
import type { RenewalColumns } from '../ledger/certificates/renewal-info.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { lifeOf } from '../issuance/due/renewal-window.ts';

type Columns = Updateable<RenewalColumns>;

const minuteMs = 60_000;
/** RFC 9773 §4.3.2: reasonable limits on what a CA may ask for. */
const shortestMs = minuteMs;
const longestMs = 24 * 60 * minuteMs;
/**
 * RFC 9773 §4.3.3: the wait after an answer without Retry-After, or with a Retry-After that makes no sense.
 */
const usualMs = 6 * 60 * minuteMs;
/** RFC 9773 §4.3.3: passing errors are tried again with a growing wait, a few times. */
const retryMs = [minuteMs, 4 * minuteMs, 16 * minuteMs, 64 * minuteMs];
/**
 * A certificate whose windows are always past is kept for this share of its life, and for an hour for each
 * day that it has left.
 */
const keptShare = 1 / 20;
const keptHoursADay = 1;
/** A time that lies further ahead was written while the clock was ahead. */
const aheadMs = longestMs + 60 * minuteMs;

/**
 * Whether the CA is to be asked now when to renew a certificate: the CA issued it, it stands and is wanted,
 * and its time to ask has come.
 */
export function isAskDue(row: RenewalFacts, now: Date): boolean {
  if (row.serial === null || row.not_after === null || row.order_id === null) return false;
  if (row.revoked_at !== null || row.removed_at !== null) return false;
  // RFC 9773 §4.3: a certificate that is over is asked for no more.
  if (row.not_after <= now) return false;
  return row.ari_ask_at === null || row.ari_ask_at <= now || row.ari_ask_at > later(now, aheadMs);
}

/**
 * The columns that an answer of the CA changes. The moment to renew is drawn once in each window, evenly (RFC
 * 9773 §4.2), and kept as long as the window is the same: drawn in each run, it would come early. A
 * certificate that was hardly stored is kept for a share of its life, unless the CA has changed its mind:
 * otherwise a certificate whose windows are always past would be ordered anew every hour.
 * @param random gives a number from 0 to 1, as Math.random
 */
export function learned(row: CertificateRow, info: RenewalInfo, now: Date, random: () => number): Columns {
  const [start, end] = [info.start.getTime(), info.end.getTime()];
  const isSame =
    row.ari_window_start?.getTime() === start &&
    row.ari_window_end?.getTime() === end &&
    row.ari_renew_at !== null;
  const drawnMs = start + Math.floor(random() * (end - start));
  const drawn = new Date(Math.max(drawnMs, keptUntilMs(row, now)));
  const waitMs = info.retryAt === null ? usualMs : info.retryAt.getTime() - now.getTime();
  return {
    ari_window_start: info.start,
    ari_window_end: info.end,
    ...(isSame ? {} : { ari_renew_at: drawn }),
    ari_explanation_url: info.explanationUrl,
    ari_ask_at: later(now, bounded(waitMs)),
    ari_error: null,
    ari_failures: 0,
  };
}

/**
 * Until when a certificate is kept that the CA wants replaced from the beginning; in the past for any other.
 */
function keptUntilMs(row: CertificateRow, now: Date): number {
  const life = lifeOf(row);
  // A window that lay ahead and is past now is news, as after an incident (RFC 9773 §4.2): it is heeded at
  // once.
  const wasAhead = row.ari_window_end !== null && row.ari_window_end > now;
  if (life === null || wasAhead) return -Infinity;
  const keptMs = Math.max(
    (life.end.getTime() - life.begin.getTime()) * keptShare,
    ((life.end.getTime() - now.getTime()) * keptHoursADay) / 24,
  );
  return life.begin.getTime() + keptMs;
}

/**
 * The columns that a question without an answer changes: when to ask again, as the CA said or else later each
 * time. What was known before still holds.
 */
export function notLearned(row: CertificateRow, error: AcmeLedgerError, now: Date): Columns {
  const failures = isPassingFault(error) ? row.ari_failures + 1 : 0;
  const ownMs = failures === 0 ? usualMs : (retryMs[failures - 1] ?? usualMs);
  const waitMs = error.retryAt === undefined ? ownMs : error.retryAt.getTime() - now.getTime();
  return {
    ari_ask_at: later(now, bounded(waitMs)),
    ari_error: errorRecord(error),
    ari_failures: failures,
  };
}

/**
 * The columns where there is nothing to ask: the CA has no renewal information, or the certificate no
 * identifier for it.
 */
export function nothingToLearn(now: Date): Columns {
  return { ari_ask_at: later(now, longestMs), ari_error: null, ari_failures: 0 };
}

function bounded(waitMs: number): number {
  return Math.min(Math.max(waitMs, shortestMs), longestMs);
}
