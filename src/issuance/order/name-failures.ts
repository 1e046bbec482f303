import { isAboutTheName } from '../../error-kinds.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { later } from '../../clock.ts';
import { authorizationsOf, nameProven } from '../../ledger/authorizations/authorizations.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import type { FailureRule } from '../../ledger/names/failing-names.ts';
import { recordNameFailure, recordProven } from '../../ledger/names/failing-names.ts';
import { ownedOrder } from '../../ledger/orders/orders.ts';
import type { AuthorizationRow } from '../../ledger/schema.ts';
import { forLife, lifeMsOf } from '../names/back-off.ts';
import type { Failure } from './challenge-tasks.ts';
import type { AccountRun } from '../account-run.ts';
import type { PlacedOrder } from '../placed-order.ts';
import { decideSubmitted, isUndecided } from '../authorization/verdicts.ts';

/**
 * How long a validation may take: a CA that validates from five places may take a minute, and three leave
 * room for a slow one.
 */
export const validationTimeoutMs = 180_000;

/**
 * Ends an order that can't become ready any more: each failure is counted against its name. The other names
 * are still brought to their verdicts, so that the next order finds them valid.
 * @throws AcmeLedgerError the first failure, always
 */
export async function failAfterVerdicts(
  run: AccountRun,
  placed: PlacedOrder,
  failures: readonly Failure[],
): Promise<never> {
  // The failures of an order that another run took over are that run's to count.
  await ownedOrder(run, placed.row.id);
  const rule = await ruleFor(run, placed);
  for (const failure of failures) await recordFailure(run, rule, failure);
  const rows = await authorizationsOf(run.ledger, placed.row.id);
  const undecided = rows.filter(isUndecided);
  const until = later(run.clock.now(), validationTimeoutMs);
  await decideSubmitted(run, placed.row.id, until, run.stops.work);
  await recordVerdicts(run, rule, placed, undecided);
  throw failureOf(failures);
}

/** The rule for failures by the life of the order's certificate. */
async function ruleFor({ ledger, failureRule }: AccountRun, { row }: PlacedOrder): Promise<FailureRule> {
  const certificate = await certificateByName(ledger, row.certificate_name);
  return certificate === undefined ? failureRule : forLife(failureRule, lifeMsOf(certificate));
}

async function recordVerdicts(
  run: AccountRun,
  rule: FailureRule,
  placed: PlacedOrder,
  awaited: readonly AuthorizationRow[],
): Promise<void> {
  const rows = await authorizationsOf(run.ledger, placed.row.id);
  const valid = rows.filter((row) => row.status === 'valid');
  await recordProven(run, run.account.id, valid.flatMap(nameOf));
  const awaitedIds = new Set(awaited.map((row) => row.id));
  for (const row of rows.filter(({ id, status }) => awaitedIds.has(id) && status === 'invalid')) {
    await recordFailure(run, rule, { row, error: storedError(row) });
  }
}

/** The CA's reason for an invalid authorization, from the ledger. */
function storedError(row: AuthorizationRow): AcmeLedgerError {
  const record = row.error === null ? null : row.error;
  const problem = record?.problem ?? null;
  return new AcmeLedgerError(
    'authorization-invalid',
    record?.message ?? 'the CA found the authorization invalid',
    {
      ...(problem === null ? {} : { problem }),
    },
  );
}

function failureOf(failures: readonly Failure[]): AcmeLedgerError {
  const [first, ...others] = failures;
  if (first === undefined) throw new Error('there is no failure to tell of');
  if (others.length === 0) return first.error;
  const { code, message, hint, problem, retryAt } = first.error;
  return new AcmeLedgerError(code, `${message} (and ${String(others.length)} more names failed)`, {
    ...(hint === undefined ? {} : { hint }),
    ...(problem === undefined ? {} : { problem }),
    ...(retryAt === undefined ? {} : { retryAt }),
    cause: first.error,
  });
}

async function recordFailure(run: AccountRun, rule: FailureRule, { row, error }: Failure): Promise<void> {
  if (!isAboutTheName(error)) return;
  for (const name of nameOf(row)) {
    await recordNameFailure(run, run.account.id, name, errorRecord(error), rule);
  }
}

/**
 * The authorization's name as the ledger counts failures of it; none before the authorization was fetched.
 */
export function nameOf(row: AuthorizationRow): { type: string; value: string }[] {
  const value = nameProven(row);
  return value === null || row.identifier_type === null ? [] : [{ type: row.identifier_type, value }];
}
