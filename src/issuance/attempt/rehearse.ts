import { provenToday } from '../../challenges/proof/ways.ts';
import { isCaSilent, isDeferral, isServerFault } from '../../error-kinds.ts';
import type { ErrorRecord } from '../../errors.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { recordFailed } from '../../ledger/certificates/certificate-failures.ts';
import { wasRehearsedSince } from '../../ledger/orders/order-queries.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { isLate } from '../names/name-choice.ts';
import type { Attempt } from './attempt.ts';
import type { Ending } from './ending.ts';
import { rehearsing } from './ending-rehearsed.ts';

/** The staging of a CA, with the run that issues there, or the error why nothing can be issued there now. */
export interface Stage {
  label: string;
  run: AccountRun | AcmeLedgerError;
}

/** The result of a rehearsal: the names to order at the CA itself, or the attempt that ended there. */
export type Rehearsed = { names: readonly string[] } | { ended: Attempt };

const rehearsedForMs = 86_400_000;

/** The time since which a rehearsal counts: no certificate is rehearsed twice within a day. */
export function rehearsalsSince(now: Date): Date {
  return new Date(now.getTime() - rehearsedForMs);
}

/**
 * Rehearses a certificate: the whole flow at the staging, with the same names, solver, key type and profile.
 * The certificate issued there is checked and thrown away. Names that fail there are counted as failing on
 * the staging's account, and don't get to the CA. A certificate whose rehearsal can't be done is deferred,
 * and goes on without a rehearsal when half of the time between its due day and its end is over.
 * @param names the names of the order
 * @param obtain makes an attempt on the account that it is given, with that ending
 */
export async function rehearse(
  { ledger, clock, log, ...writer }: AccountRun,
  stage: Stage,
  certificate: CertificateRow,
  names: readonly string[],
  obtain: (run: AccountRun, ending: Ending) => Promise<Attempt>,
): Promise<Rehearsed> {
  const { run, label } = stage;
  if (!(run instanceof AcmeLedgerError) && (await wasRehearsed(run, certificate, names))) return { names };
  const attempt = run instanceof AcmeLedgerError ? notTried(certificate, run) : await obtain(run, rehearsing);
  if (attempt.error === null) return { names: await namesOrdered(ledger, attempt, names) };
  const isPassing = mayPass(attempt.error);
  if (isPassing && isLate(certificate, clock.now())) {
    log.warn(
      { error: attempt.error },
      `${certificate.name}: ends soon, so it goes on without a rehearsal, which could not be done at ${label}`,
    );
    return { names };
  }
  const what = isPassing ? 'could not be done' : 'failed';
  const error = { ...attempt.error, message: `the rehearsal at ${label} ${what}: ${attempt.error.message}` };
  if (error.code !== 'busy') await recordFailed({ ledger, clock, runId: writer.runId }, certificate, error);
  return { ended: { ...attempt, status: isPassing ? 'deferred' : 'failed', error, isOfRehearsal: true } };
}

function wasRehearsed(
  { ledger, account, clock, solverRules }: AccountRun,
  certificate: CertificateRow,
  names: readonly string[],
): Promise<boolean> {
  const rehearsed = {
    account_id: account.id,
    names_key: identifierSetKey(names.map(parseName)),
    profile: certificate.profile,
    rehearsal: provenToday(certificate.settings, names, solverRules),
  };
  return wasRehearsedSince(ledger, rehearsed, rehearsalsSince(clock.now()));
}

function notTried(certificate: CertificateRow, error: AcmeLedgerError): Attempt {
  return { status: 'failed', certificate, orderId: null, error: errorRecord(error) };
}

/** Whether the error tells nothing about the certificate: the rehearsal may be done another time. */
function mayPass(error: ErrorRecord): boolean {
  return isDeferral(error) || isCaSilent(error) || isServerFault(error);
}

/** The names of the rehearsal's order: fewer than were asked for when some failed and were dropped. */
async function namesOrdered(
  ledger: AccountRun['ledger'],
  { orderId }: Attempt,
  names: readonly string[],
): Promise<readonly string[]> {
  const order = orderId === null ? undefined : await orderById(ledger, orderId);
  return order === undefined ? names : order.names;
}
