import { appendEvents } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { AccountRow } from './schema.ts';
import { type AccountPurpose, lostAccountStatuses } from './states.ts';
import type { LedgerWriter } from './writer.ts';
import { inTransaction, instant } from './writer.ts';

/** The account that orders are made on at a CA: the newest one that is for orders and wasn't lost. */
export async function accountAt(ledger: Ledger, ca: string): Promise<AccountRow | undefined> {
  return ledger
    .selectFrom('accounts')
    .selectAll()
    .where('ca', '=', ca)
    .where('purpose', '=', 'orders')
    .where('status', 'not in', lostAccountStatuses)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
}

/** Accounts that orders were made on at a CA, and that were lost; the newest first. */
export async function lostAccountsAt(ledger: Ledger, ca: string): Promise<AccountRow[]> {
  return ledger
    .selectFrom('accounts')
    .selectAll()
    .where('ca', '=', ca)
    .where('purpose', '=', 'orders')
    .where('status', 'in', lostAccountStatuses)
    .orderBy('id', 'desc')
    .execute();
}

export async function listAccounts(ledger: Ledger): Promise<AccountRow[]> {
  return ledger.selectFrom('accounts').selectAll().orderBy('id').execute();
}

export async function accountById(ledger: Ledger, id: number): Promise<AccountRow | undefined> {
  return ledger.selectFrom('accounts').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function accountByKey(
  ledger: Ledger,
  ca: string,
  keyThumbprint: string,
): Promise<AccountRow | undefined> {
  return ledger
    .selectFrom('accounts')
    .selectAll()
    .where('ca', '=', ca)
    .where('key_thumbprint', '=', keyThumbprint)
    .executeTakeFirst();
}

/** Makes this account the only one at its CA that orders are made on from now on. */
export async function useForOrders(writer: LedgerWriter, { id, ca }: AccountRow): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const others = tx.ledger.updateTable('accounts').set({ purpose: 'clean-up' });
    await others.where('ca', '=', ca).where('id', '<>', id).execute();
    await tx.ledger.updateTable('accounts').set({ purpose: 'orders' }).where('id', '=', id).execute();
    await appendEvents(tx, [{ kind: 'account-used', accountId: id }]);
  });
}

/**
 * Writes down an account whose key is on disk and that the CA hasn't been asked for yet. A key that is known
 * gives its row.
 */
export async function insertAccount(
  writer: LedgerWriter,
  account: {
    ca: string;
    keyFile: string;
    keyThumbprint: string;
    email: string | null;
    purpose?: AccountPurpose;
  },
): Promise<AccountRow> {
  return inTransaction(writer, async (tx) => {
    const row = await tx.ledger
      .insertInto('accounts')
      .values({
        ca: account.ca,
        key_file: account.keyFile,
        key_thumbprint: account.keyThumbprint,
        email: account.email,
        status: 'unregistered',
        created_at: instant(tx),
        purpose: account.purpose ?? 'orders',
      })
      .onConflict((conflict) =>
        conflict.columns(['ca', 'key_thumbprint']).doUpdateSet({ key_file: account.keyFile }),
      )
      .returningAll()
      .executeTakeFirstOrThrow();
    await appendEvents(tx, [{ kind: 'account-created', accountId: row.id }]);
    return row;
  });
}

/** Records the account's URL and status as the CA answered them (RFC 8555 §7.1.2). */
export async function recordRegistered(
  writer: LedgerWriter,
  accountId: number,
  account: { url: string; status: string; email?: string | null },
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('accounts')
      .set({
        url: account.url,
        status: account.status,
        ...(account.email === undefined ? {} : { email: account.email }),
      })
      .where('id', '=', accountId)
      .execute();
    await appendEvents(tx, [{ kind: 'account-registered', accountId, data: account }]);
  });
}

/**
 * Records that the CA refuses the account itself: from now on no run asks anything on it. The event is
 * written once.
 */
export async function recordAccountLost(
  writer: LedgerWriter,
  accountId: number,
  status: 'deactivated' | 'unknown',
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    const { numUpdatedRows } = await tx.ledger
      .updateTable('accounts')
      .set({ status })
      .where('id', '=', accountId)
      .where('status', 'not in', lostAccountStatuses)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await appendEvents(tx, [{ kind: 'account-lost', accountId, data: { status } }]);
  });
}
