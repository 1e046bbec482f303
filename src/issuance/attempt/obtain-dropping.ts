import { later } from '../../clock.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { recordNameFailure } from '../../ledger/names/failing-names.ts';
import { stillPaused } from '../../ledger/names/paused-names.ts';
import type { CertificateRow, IdentifierRow } from '../../ledger/schema.ts';
import { forLife, lifeMsOf } from '../names/back-off.ts';
import { failedNames } from './failed-names.ts';
import { keeping } from './ending-kept.ts';
import { deadNames, endUnordered } from './look-before.ts';
import type { AccountRun } from '../account-run.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import type { Attempt } from './attempt.ts';
import { type ObtainOptions, obtain } from './obtain.ts';
import { asSuspended, resumeHint, suspendedText } from '../names/suspended-names.ts';

/** Three tries: one that the CA refuses for some names, one in which names fail, and one for the rest. */
const triesAtMost = 3;
const ordersAtMost = 2;
/** A refusal for paused names costs nothing, and lists only some of them. */
const pausesAtMost = 8;

export interface DroppingOptions extends ObtainOptions {
  onFailedName: FailedNamePolicy;
}

/**
 * One attempt to obtain one certificate, and with `drop` one more order for the names that are well, however
 * many failed. Some CAs use the authorizations again that became valid in the first order. The names that
 * were left out stay wanted. No further order is made for exactly the names that the stored certificate has
 * already.
 */
export async function obtainDropping(
  run: AccountRun,
  certificate: CertificateRow,
  { names, onFailedName, ...options }: DroppingOptions,
): Promise<Attempt> {
  const deadline = later(run.clock.now(), options.waitMs);
  const paused = await pausedSince(run, names);
  let wanted = names.filter((name) => !paused.has(name));
  if (paused.size > 0 && (onFailedName === 'fail' || wanted.length === 0 || brings(certificate, wanted)))
    return pausedAttempt(certificate, paused);
  const dead = await deadNames(run, certificate, wanted);
  wanted = wanted.filter((name) => !dead.has(name));
  if (dead.size > 0 && (onFailedName === 'fail' || wanted.length === 0 || brings(certificate, wanted)))
    return endUnordered(run, certificate, dead, options.ending ?? keeping);
  let orders = 0;
  let pauses = 0;
  for (let tries = 1; ; tries += 1) {
    const waitMs = Math.max(0, deadline.getTime() - run.clock.now().getTime());
    const attempt = await obtain(run, certificate, { ...options, names: wanted, waitMs });
    const failed = await failedNames(run.ledger, attempt, wanted);
    if (failed.paused === true) pauses += 1;
    else if (failed.refused) await recordRefused(run, certificate, failed.names, attempt);
    else orders += 1;
    const rest = wanted.filter((name) => !failed.names.includes(name));
    const goesOn = onFailedName === 'drop' && failed.names.length > 0 && rest.length > 0;
    const isTriedEnough = tries - pauses >= triesAtMost || pauses === pausesAtMost;
    const isOver = isTriedEnough || orders === ordersAtMost || run.stops.work.aborted;
    if (!goesOn || isOver || brings(certificate, rest)) return attempt;
    run.log.warn(
      { order: attempt.orderId, failed: failed.names },
      `${certificate.name}: goes on without ${String(failed.names.length)} of ${String(wanted.length)} names`,
    );
    wanted = rest;
  }
}

async function recordRefused(
  run: AccountRun,
  certificate: CertificateRow,
  names: readonly string[],
  { error }: Attempt,
): Promise<void> {
  if (error === null) return;
  const rule = forLife(run.failureRule, lifeMsOf(certificate));
  for (const name of names) {
    await recordNameFailure(run, run.account.id, parseName(name), error, rule);
  }
}

/** Names that were found to be paused after the names were chosen, say by another certificate of this run. */
async function pausedSince(
  { ledger, account, clock }: AccountRun,
  names: readonly string[],
): Promise<Map<string, IdentifierRow>> {
  const rows = await stillPaused(ledger, account.id, names.map(parseName), clock.now());
  return new Map(rows.map((row) => [row.value, row]));
}

/** An attempt that sends nothing, because the CA has paused these names until somebody opens its page. */
function pausedAttempt(certificate: CertificateRow, paused: ReadonlyMap<string, IdentifierRow>): Attempt {
  const names = asSuspended([...paused.keys()], paused);
  const looks = [...paused.values()].flatMap(({ next_attempt_at }) => next_attempt_at?.getTime() ?? []);
  const error = new AcmeLedgerError('ca-limit', `${suspendedText(names)}; nothing was sent`, {
    hint: resumeHint(names),
    ...(looks.length === 0 ? {} : { retryAt: new Date(Math.min(...looks)) }),
  });
  return { status: 'deferred', certificate, orderId: null, error: errorRecord(error) };
}

/** Whether the stored certificate has exactly these names. */
function brings(certificate: CertificateRow, names: readonly string[]): boolean {
  if (certificate.stored_at === null || certificate.order_id === null) return false;
  const issued = issuedNames(certificate);
  return issued.length === names.length && names.every((name) => issued.includes(name));
}

function issuedNames(certificate: CertificateRow): readonly string[] {
  return certificate.issued_names ?? certificate.names;
}
