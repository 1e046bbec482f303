import pLimit, { type LimitFunction } from 'p-limit';
import { AcmeLedgerError, type ErrorRecord, errorRecord } from '../errors.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { backOffAfter } from '../issuance/attempt/certificate-back-off.ts';
import { obtainDropping } from '../issuance/attempt/obtain-dropping.ts';
import type { Attempt } from '../issuance/attempt/attempt.ts';
import { type Stage, rehearse } from '../issuance/attempt/rehearse.ts';
import { deployError } from '../issuance/certificate/deploy.ts';
import { type DueCertificate, namesKeyOf } from '../issuance/due/due.ts';
import { levelled, type Places } from '../issuance/waiting/concurrency-level.ts';
import { allOrFirstError } from '../issuance/waiting/concurrency.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { rereadDue } from './reread-due.ts';
import type { Renewed } from './work.ts';

export interface RenewAllOptions {
  concurrency: number;
  waitMs: number;
  mayStart: () => boolean;
  /** Where orders are rehearsed before they go to the CA; null: nowhere. */
  stage: Stage | null;
}

/**
 * Works on these certificates in their order, some at a time, fewer while the CA refuses. One certificate's
 * failure never stops the others. An abort of `stops.work` leaves the rest untouched; `mayStart` saying no
 * defers it, and so does a CA that is out of order for longer than the run may wait. A certificate that
 * another run is working on is left to that run, and looked at again at the end.
 */
export async function renewAll(
  run: AccountRun,
  certificates: readonly DueCertificate[],
  options: RenewAllOptions,
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  const limit = pLimit(options.concurrency);
  const places = levelled(limit, options.concurrency, run.pressure);
  let lostAccount: ErrorRecord | null = null;
  const inTurn = turns();
  const elsewhere: (DueCertificate & { result: Renewed })[] = [];
  await allOrFirstError(
    certificates.map((one) =>
      limit(() =>
        inTurn(one, async () => {
          if (run.stops.work.aborted) return;
          if (!options.mayStart()) {
            onResult({ certificate: one.certificate, status: 'deferred', error: outOfTime });
            return;
          }
          const { end } = run.outage;
          const error = lostAccount ?? (end === null ? null : errorRecord(end));
          // A deploy hook has nothing to do with the CA.
          if (error !== null && one.due.reason !== 'not-deployed') {
            const status = lostAccount === null ? 'deferred' : 'failed';
            onResult({ certificate: one.certificate, status, error });
            return;
          }
          const result = await renewOne(run, one, { ...options, whileWaiting: places.lend });
          // An error of the rehearsal says nothing of the account at the CA.
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
    const standing = await rereadDue(run.ledger, certificate, due);
    onResult(standing !== null && 'done' in standing ? standing.done : result);
  }
}

const outOfTime = errorRecord(
  new AcmeLedgerError('no-time', 'not begun before --max-time was over', {
    hint: 'the next acme-ledger renew goes on, the most urgent first',
  }),
);

/**
 * Takes certificates for the same names, say with two kinds of key, one after the other: there is one order
 * for the names at a time.
 */
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
  run: AccountRun,
  { certificate: listed, due, names, onFailedName }: DueCertificate,
  { waitMs, stage, whileWaiting }: RenewAllOptions & { whileWaiting: Places['lend'] },
): Promise<Renewed | null> {
  const standing = await rereadDue(run.ledger, listed, due);
  if (standing === null) return null;
  if ('done' in standing) return standing.done;
  if (due.reason === 'not-deployed') return deployAgain(run, standing.row);
  const options = { names, onFailedName, waitMs, leavesReserve: true };
  const rehearsed =
    stage === null
      ? { names }
      : await rehearse(run, stage, standing.row, names, (there, ending) =>
          obtainDropping(there, standing.row, { ...options, ending }),
        );
  const attempt =
    'ended' in rehearsed
      ? rehearsed.ended
      : await obtainDropping(run, standing.row, { ...options, names: rehearsed.names, whileWaiting });
  // The certificate was removed while it was worked on: nobody waits for a result.
  if (attempt.error?.code === 'superseded' && attempt.certificate.removed_at !== null) {
    run.log.warn({ order: attempt.orderId }, attempt.error.message);
    return null;
  }
  return {
    certificate: attempt.certificate,
    status: renewedStatus(standing.row, attempt),
    error: await backOffAfter(run, standing.row, names, attempt),
    ...(attempt.isOfRehearsal === true ? { isOfRehearsal: true } : {}),
  };
}

function renewedStatus(before: CertificateRow, attempt: Attempt): Renewed['status'] {
  if (attempt.status !== 'issued') return attempt.status;
  if (attempt.error !== null) return 'failed';
  return before.stored_at === null ? 'issued' : 'renewed';
}

async function deployAgain(run: AccountRun, certificate: CertificateRow): Promise<Renewed> {
  const error = await deployError(run, certificate);
  if (error?.code === 'busy') return { certificate, status: 'deferred', error };
  return { certificate, status: error === null ? 'renewed' : 'failed', error };
}
