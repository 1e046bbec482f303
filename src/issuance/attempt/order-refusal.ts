import { parseProof } from '../../challenges/proof/proof.ts';
import { waysOf } from '../../challenges/proof/ways.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { liveOrderFor } from '../../ledger/orders/intents.ts';
import { takeOver } from '../../ledger/orders/order-ownership.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import { inTransaction } from '../../ledger/writer.ts';
import type { AccountRun } from '../account-run.ts';
import { tooManyNewNames } from '../limits/new-names.ts';
import { forbidden } from '../limits/order-rules.ts';
import { isAlive } from '../ownership/lease.ts';
import { endOrphans } from '../ownership/taking-over.ts';
import type { AdmittedOrder } from '../placed-order.ts';

/**
 * Asserts that an order for these names may be made, and that each of them can be proven: else the CA hears nothing.
 * @throws AcmeLedgerError `order-rule`, `configuration`, `ledger`
 */
export async function assertOrderable(
  run: AccountRun,
  certificate: CertificateRow,
  names: readonly string[],
): Promise<void> {
  const refusal = forbidden(names, run.orderRules, 'order-rule');
  if (refusal !== null) throw refusal;
  waysOf(parseProof(certificate.settings), names, run.solverRules);
  if (run.addsNames === true) return;
  const tooMany = await tooManyNewNames(run, certificate, names, run.orderRules.maxNewNamesPerDomain);
  if (tooMany !== null) throw tooMany;
}

/**
 * Takes up the order that an earlier attempt left for these names, which no attempt can go on with: it is to be settled.
 * @returns null where there is none, or another run works on it
 */
export async function takeUpLeft(
  run: AccountRun,
  { profile }: CertificateRow,
  names: readonly string[],
): Promise<AdmittedOrder | null> {
  const namesKey = identifierSetKey(names.map(parseName));
  const taken = await inTransaction(run, async (tx) => {
    const live = await liveOrderFor(tx.ledger, run.account.id, namesKey, profile);
    if (live === undefined) return null;
    return (await takeOver(tx, live, (owner) => isAlive(owner, tx.clock.wallNow()))) ? live : null;
  });
  if (taken === null) return null;
  await endOrphans(run, taken.run_id);
  return { order: { ...taken, run_id: run.runId }, isNew: false, charges: [] };
}
