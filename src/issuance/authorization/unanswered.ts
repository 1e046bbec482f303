import type { AuthorizationRow, OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import { warningLevel } from '../waiting/warning-level.ts';
import { closeAuthorization } from './deactivation.ts';

/**
 * Deactivates authorizations whose challenge nobody answers, whatever becomes of others that were never submitted: no
 * later attempt would prove them either.
 */
export async function closeUnanswered(
  run: AccountRun,
  order: OrderRow,
  rows: readonly AuthorizationRow[],
): Promise<void> {
  await allOrFirstError(
    rows.map(async (row) => {
      const { outcome, stop } = await closeAuthorization(run, row, {
        includeKept: false,
        exceptOrderId: order.id,
      });
      const about = { order: order.id, authorization: row.url, outcome };
      if (outcome === 'failed')
        run.log[warningLevel(stop)](about, 'not deactivated; the settling of the order tries again');
      else run.log.info(about, 'nobody answers its challenge, so it is closed');
    }),
  );
}
