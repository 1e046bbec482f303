import { later } from '../../src/clock.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import { recordSubmitting } from '../../src/ledger/orders/submissions.ts';
import { releaseOrder } from '../../src/ledger/orders/orders.ts';
import { insertIntent } from '../../src/ledger/orders/intents.ts';
import { takeOver } from '../../src/ledger/orders/order-ownership.ts';
import type { AuthorizationRow, OrderRow } from '../../src/ledger/schema.ts';

/** An order that is written down, owned by this run. */
export async function intentFor(run: AccountRun, ...names: string[]): Promise<OrderRow> {
  return insertIntent(run, {
    accountId: run.account.id,
    certificateName: names[0] ?? '',
    names,
    namesKey: [...names].sort().join(' '),
    profile: '',
    replaces: null,
    reservedUntil: later(run.clock.now(), 7 * 86_400_000),
  });
}

/** Its challenge was about to be submitted when the run died. */
export async function leftSubmitting(run: AccountRun, order: OrderRow, row: AuthorizationRow): Promise<void> {
  await takeOver(run, order, () => false);
  await recordSubmitting(run, order.id, [
    { authorizationId: row.id, type: 'http-01', url: `${row.url}/challenge` },
  ]);
  await releaseOrder(run, order.id, { keptUntil: null });
}
