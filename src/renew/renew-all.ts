import pLimit, { type LimitFunction } from 'p-limit';
import { AcmeLedgerError, errorRecord, type ErrorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import type { RenewalFacts } from '../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { allOrFirstError } from '../issuance/waiting/concurrency.ts';
import { backOffAfter, isOwnReason } from '../issuance/attempt/certificate-back-off.ts';
import { namesOf } from '../issuance/certificate/collect.ts';
import { levelled } from '../issuance/waiting/concurrency-level.ts';
import type { Issuance } from '../issuance/account-run.ts';
import type { FailedNamePolicy } from '../issuance/names/name-choice.ts';
import type { Attempt } from '../issuance/attempt/obtain.ts';
import { deployError } from '../issuance/certificate/deploy.ts';
import { obtainSurviving } from '../issuance/attempt/obtain-dropping.ts';
import { asItStands } from './other-hands.ts';
import { rehearse, type Stage } from '../issuance/attempt/rehearse.ts';
import { renewalOf, urgencyOf } from '../issuance/due/renewal-window.ts';

/** Why a certificate is worked on now. `incomplete`: names that it lacks, because they failed, may be tried again. */
export interface Due {
  /** `not-deployed`: it is stored, but its deploy hook hasn't been run with success. */
  reason: 'missing' | 'changed' | 'revoked' | 'ari' | 'ending' | 'asked' | 'not-deployed' | 'incomplete';
  /** When the CA's window or its life said so; null when something else did. */
  dueAt: Date | null;
}

/**
 * When and why a certificate is due; null when it isn't yet. The CA says when (`ari`); where it doesn't, its life does as in Let's
 * Encrypt's integration guide: a third left, half for short ones.
 * @param options.all also when it isn't
 * @param options.isLost its files aren't there, whatever the ledger says
 */
export function dueOf(
  certificate: RenewalFacts,
  now: Date,
  options: { all?: boolean; isLost?: boolean } = {},
): Due | null {
  const renewal = renewalOf(certificate);
  if (renewal === null || options.isLost === true) return { reason: 'missing', dueAt: null };
  if (certificate.revoked_at !== null) return { reason: 'revoked', dueAt: null };
  // What is stored isn't what was asked for since (ledger/certificates/certificates.ts, recordWish).
  if (certificate.order_id === null) return { reason: 'changed', dueAt: null };
  const { dueAt } = renewal;
  if (dueAt <= now) return renewal;
  if (options.all === true) return { reason: 'asked', dueAt };
  if (certificate.deployed_at === null) return { reason: 'not-deployed', dueAt };
  return null;
}

/** The most urgent first. */
export function byUrgency(now: Date): (one: RenewalFacts, other: RenewalFacts) => number {
  const known = new Map<RenewalFacts, ReturnType<typeof urgencyOf>>();
  const urgency = (row: RenewalFacts): ReturnType<typeof urgencyOf> => {
    const found = known.get(row) ?? urgencyOf(row, now);
    known.set(row, found);
    return found;
  };
  return (one, other) => {
    const [rank, share] = urgency(one);
    const [otherRank, otherShare] = urgency(other);
    return rank - otherRank || share - otherShare || (one.name < other.name ? -1 : 1);
  };
}

/**
 * In their order, but last those that have no certificate to lose and were refused for a reason of their own when they were last tried,
 * say a profile that the CA doesn't know: with `--limit` or `--max-time` they would keep the others from being renewed, run after run.
 */
export function refusedLast(rows: readonly CertificateRow[], now: Date): CertificateRow[] {
  const isRefused = ({ not_after, last_error }: CertificateRow): boolean =>
    (not_after === null || not_after <= now.toISOString()) &&
    last_error !== null &&
    isOwnReason(JSON.parse(last_error) as ErrorRecord);
  return [...rows.filter((row) => !isRefused(row)), ...rows.filter(isRefused)];
}

/** A certificate that is worked on now, and how. */
export interface DueCertificate {
  certificate: CertificateRow;
  due: Due;
  /** What is ordered: all of its names, or those that aren't known to fail. */
  names: readonly string[];
  onFailedName: FailedNamePolicy;
}

export interface Renewed {
  certificate: CertificateRow;
  status: 'issued' | 'renewed' | 'failed' | 'deferred';
  error: ErrorRecord | null;
  /** It ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal?: boolean;
  /** Where it was ordered instead of at its own CA. */
  fallbackCa?: string;
}

export interface RenewAllOptions {
  concurrency: number;
  waitMs: number;
  mayStart: () => boolean;
  /** Where orders are rehearsed before they go to the CA; null: nowhere. */
  stage: Stage | null;
}

/**
 * Works on these certificates in their order, some at a time, fewer while the CA refuses. One's failure never stops the others; an abort of `stops.work`
 * leaves the rest untouched, `mayStart` saying no defers it, and so does a CA that is out of order for longer than the run may wait. What another run
 * is working on is left to it, and looked at again at the end.
 */
export async function renewAll(
  issuance: Issuance,
  certificates: readonly DueCertificate[],
  options: RenewAllOptions,
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  const limit = pLimit(options.concurrency);
  const places = levelled(limit, options.concurrency, issuance.pressure);
  const inPlace = { ...issuance, whileWaiting: places.lend };
  let lostAccount: ErrorRecord | null = null;
  const inTurn = turns();
  const elsewhere: (DueCertificate & { result: Renewed })[] = [];
  await allOrFirstError(
    certificates.map((one) =>
      limit(() =>
        inTurn(one, async () => {
          if (issuance.stops.work.aborted) return;
          if (!options.mayStart()) {
            onResult({ certificate: one.certificate, status: 'deferred', error: outOfTime });
            return;
          }
          const { end } = issuance.outage;
          const error = lostAccount ?? (end === null ? null : errorRecord(end));
          // A deploy hook has nothing to do with the CA.
          if (error !== null && one.due.reason !== 'not-deployed') {
            const status = lostAccount === null ? 'deferred' : 'failed';
            onResult({ certificate: one.certificate, status, error });
            return;
          }
          const result = await renewOne(inPlace, one, options);
          // Of the staging's account it says nothing.
          if (result?.error?.code === 'ca-account' && result.isOfRehearsal !== true)
            lostAccount = result.error;
          places.isDone();
          if (result?.error?.code === 'busy') elsewhere.push({ ...one, result });
          else if (result !== null) onResult(result);
        }),
      ),
    ),
  );
  for (const { certificate, due, result } of elsewhere) {
    const standing = await asItStands(issuance.ledger, certificate, due);
    onResult(standing !== null && 'done' in standing ? standing.done : result);
  }
}

const outOfTime = errorRecord(
  new AcmeLedgerError('no-time', 'not begun before --max-time was over', {
    hint: 'the next acme-ledger renew goes on, the most urgent first',
  }),
);

/** Certificates for the same names, say with two kinds of key, one after the other: there is one order for them at a time. */
function turns(): (one: DueCertificate, act: () => Promise<void>) => Promise<void> {
  const queues = new Map<string, LimitFunction>();
  return (one, act) => {
    const key = `${one.certificate.profile} ${namesKeyOf(one.certificate)}`;
    const queue = queues.get(key) ?? pLimit(1);
    queues.set(key, queue);
    return queue(act);
  };
}

async function renewOne(
  issuance: Issuance,
  { certificate: listed, due, names, onFailedName }: DueCertificate,
  { waitMs, stage }: RenewAllOptions,
): Promise<Renewed | null> {
  const standing = await asItStands(issuance.ledger, listed, due);
  if (standing === null) return null;
  if ('done' in standing) return standing.done;
  if (due.reason === 'not-deployed') return deployAgain(issuance, standing.row);
  const options = { names, onFailedName, waitMs, leavesReserve: true };
  const rehearsed =
    stage === null
      ? { names }
      : await rehearse(issuance, stage, standing.row, names, (there) =>
          obtainSurviving(there, standing.row, options),
        );
  const attempt =
    'ended' in rehearsed
      ? rehearsed.ended
      : await obtainSurviving(issuance, standing.row, { ...options, names: rehearsed.names });
  // Removed while it was worked on: nobody waits for a result.
  if (attempt.error?.code === 'superseded' && attempt.certificate.removed_at !== null) {
    issuance.log.warn({ order: attempt.orderId }, attempt.error.message);
    return null;
  }
  return {
    certificate: attempt.certificate,
    status: renewedStatus(standing.row, attempt),
    error: await backOffAfter(issuance, standing.row, names, attempt),
    ...(attempt.isOfRehearsal === true ? { isOfRehearsal: true } : {}),
  };
}

function renewedStatus(before: CertificateRow, attempt: Attempt): Renewed['status'] {
  if (attempt.status !== 'issued') return attempt.status;
  if (attempt.error !== null) return 'failed';
  return before.stored_at === null ? 'issued' : 'renewed';
}

async function deployAgain(issuance: Issuance, certificate: CertificateRow): Promise<Renewed> {
  const error = await deployError(issuance, certificate);
  if (error?.code === 'busy') return { certificate, status: 'deferred', error };
  return { certificate, status: error === null ? 'renewed' : 'failed', error };
}

/** The sets of names that these certificates are for, as recovery leaves their orders to the attempts that are coming. */
export function namesKeysOf(certificates: readonly DueCertificate[]): Set<string> {
  return new Set(
    certificates.flatMap(({ certificate, names }) => [
      namesKeyOf(certificate),
      identifierSetKey(names.map(parseName)),
    ]),
  );
}

function namesKeyOf(certificate: CertificateRow): string {
  return identifierSetKey(namesOf(certificate).map(parseName));
}
