import { isSameTime } from '../../clock.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import type { ErrorRecord } from '../../errors.ts';
import { certificateByName } from '../../ledger/certificates/certificates.ts';
import { recordFailed } from '../../ledger/certificates/certificate-failures.ts';
import { orderById, releaseOrder } from '../../ledger/orders/orders.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import { deploy } from './collect.ts';
import { assertOwned, isTakenOver } from '../ownership/guards.ts';
import type { AccountRun } from '../account-run.ts';
import { isHeld } from '../ownership/lease.ts';
import { endHooksOfDeadRuns, takeOverOrder } from '../ownership/taking-over.ts';

/**
 * Runs the deploy hook of a stored certificate. Two runs never run it at once: meanwhile this run owns the
 * order that the certificate came from.
 * @returns the error, recorded: the certificate is stored, and the hook stays due. `busy` when another run is
 *   running the hook
 */
export async function deployError(run: AccountRun, certificate: CertificateRow): Promise<ErrorRecord | null> {
  // Without a hook there was nothing to do.
  if (certificate.deployed_at !== null) return null;
  const order = await orderToOwn(run, certificate);
  if (order === 'elsewhere') return errorRecord(elsewhere());
  try {
    const now = order === null ? undefined : await certificateByName(run.ledger, certificate.name);
    const isDone =
      now !== undefined && isSameTime(now.stored_at, certificate.stored_at) && now.deployed_at !== null;
    if (isDone) return null;
    if (order !== null) {
      await endHooksOfDeadRuns(run.ledger, run.log);
      await assertOwned(run, order.id);
    }
    await deploy(run, certificate);
    return null;
  } catch (error) {
    const record = errorRecord(error);
    // A run that took the order over reports the result.
    if (!isTakenOver(error)) await recordFailed(run, certificate, record);
    return record;
  } finally {
    if (order !== null) await releaseOrder(run, order.id, {});
  }
}

/**
 * Like `deployError`, except that it is no error when another run is deploying: that run reports the result.
 */
export async function deployOrLeave(
  run: AccountRun,
  certificate: CertificateRow,
): Promise<ErrorRecord | null> {
  const error = await deployError(run, certificate);
  return error?.code === 'busy' ? null : error;
}

/** @returns null where there is no hook to run twice */
async function orderToOwn(
  run: AccountRun,
  { deploy_hook, order_id }: CertificateRow,
): Promise<OrderRow | 'elsewhere' | null> {
  if (deploy_hook === null || order_id === null) return null;
  const order = await orderById(run.ledger, order_id);
  if (order === undefined) return null;
  if (await isHeld(run, order)) return 'elsewhere';
  return (await takeOverOrder(run, order)) ?? 'elsewhere';
}

function elsewhere(): AcmeLedgerError {
  return new AcmeLedgerError('busy', 'another run is running the deploy hook of this certificate', {
    hint: 'wait for it to end; a hook that fails stays due',
  });
}
