import type { Ledger } from './open.ts';
import type { IdentifierRow } from './schema.ts';
import type { LedgerWriter } from './writer.ts';
import { inTransaction, instant } from './writer.ts';

interface Name {
  type: string;
  value: string;
}

/** These names were proven on the account: what failed before is over. */
export async function recordProven(
  writer: LedgerWriter,
  accountId: number,
  names: readonly Name[],
): Promise<void> {
  if (names.length === 0) return;
  const success = { consecutive_failures: 0, last_success_at: instant(writer), last_error: null };
  await writer.ledger
    .insertInto('identifiers')
    .values(names.map((name) => ({ account_id: accountId, type: name.type, value: name.value, ...success })))
    .onConflict((conflict) => conflict.columns(['account_id', 'type', 'value']).doUpdateSet(success))
    .execute();
}

/** An attempt failed for this name: at the CA, or before its challenge could be submitted. */
export async function recordNameFailure(
  writer: LedgerWriter,
  accountId: number,
  name: Name,
  error: unknown,
): Promise<void> {
  const failure = { last_failure_at: instant(writer), last_error: JSON.stringify(error) };
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .insertInto('identifiers')
      .values({
        account_id: accountId,
        type: name.type,
        value: name.value,
        consecutive_failures: 1,
        ...failure,
      })
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'type', 'value']).doUpdateSet((set) => ({
          ...failure,
          consecutive_failures: set('identifiers.consecutive_failures', '+', 1),
        })),
      )
      .execute();
  });
}

/** Names whose last attempt failed. */
export async function failingNames(ledger: Ledger, accountId: number): Promise<IdentifierRow[]> {
  return ledger
    .selectFrom('identifiers')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('consecutive_failures', '>', 0)
    .orderBy('value')
    .execute();
}
