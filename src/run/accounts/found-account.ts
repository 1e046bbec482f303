import { join } from 'node:path';
import { readAccountKey, writeAccountKey } from '../../acme/account-key-file.ts';
import { parseAccountKey, thumbprint } from '../../acme/http/account-key.ts';
import type { Account } from '../../acme/objects/resources.ts';
import type { Session } from '../../acme/session.ts';
import { AcmeLedgerError } from '../../errors.ts';
import {
  accountAt,
  accountByKey,
  insertAccount,
  recordRegistered,
  useForOrders,
} from '../../ledger/accounts.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { keyFileOf } from './account-in-use.ts';

/**
 * The account that the CA has for the session's key. Nothing is made at the CA (RFC 8555 §7.3.1).
 * @throws AcmeLedgerError `ca-problem` when the CA has no account for the key, or one that isn't valid any
 * more
 */
export async function accountAtCa(session: Session, signal: AbortSignal): Promise<Account> {
  const account = await session.findAccount(signal).catch((error: unknown) => {
    throw isDeactivated(error)
      ? new AcmeLedgerError(error.code, error.message, { hint: useless, cause: error })
      : error;
  });
  if (account === null) {
    throw new AcmeLedgerError('ca-problem', 'the CA has no account for this key', {
      hint: 'it may belong to another CA: name it with --ca NAME|URL',
    });
  }
  if (account.status === 'valid') return account;
  throw new AcmeLedgerError('ca-problem', `the CA says the account ${account.url} is ${account.status}`, {
    hint: useless,
  });
}

const useless = 'nothing can be done with it any more; what was open on it ends by itself';

/** RFC 8555 §7.3.6: an account that was deactivated is answered with 401. */
function isDeactivated(error: unknown): error is AcmeLedgerError {
  const { httpStatus, problem } = error instanceof AcmeLedgerError ? error : {};
  const isRefused = httpStatus === 401 || httpStatus === 403;
  return isRefused && /deactivated|revoked/i.test(problem?.detail ?? '');
}

/** An account of another client that the CA has, with its key. */
export interface FoundAccount {
  /** The URL of the CA's directory. */
  ca: string;
  keyPem: string;
  account: Account;
}

/**
 * The purpose for which an account is kept:
 * - `orders`: it becomes the account that orders are made on, unless its CA has such an account already.
 * - `only-orders`: it becomes that account, whichever account was before.
 * - `clean-up`: it doesn't, but by a later import: authorizations that other clients left on it can be
 * settled.
 */
export type WantedFor = 'orders' | 'only-orders' | 'clean-up';

/**
 * Keeps an account that `accountAtCa` found: its key in the state directory (0600), which is on disk before
 * the ledger tells of it, and its row. An account that the ledger has with this key keeps its row, at most
 * with another purpose.
 * @param stateDir null: the key isn't kept, in a ledger that isn't kept either
 * @returns the row, and whether it is new there
 * @throws AcmeLedgerError `state-dir`
 */
export async function keepFoundAccount(
  writer: LedgerWriter,
  stateDir: string | null,
  { ca, keyPem, account }: FoundAccount,
  wanted: WantedFor,
): Promise<{ row: AccountRow; isNew: boolean }> {
  const keyThumbprint = thumbprint(parseAccountKey(keyPem));
  const known = await accountByKey(writer.ledger, ca, keyThumbprint);
  const row = known ?? (await insertFound(writer, stateDir, ca, keyPem, keyThumbprint));
  if (row.url !== account.url || row.status !== account.status) {
    await recordRegistered(writer, row.id, { url: account.url, status: account.status });
  }
  const isWanted =
    wanted === 'only-orders' || (wanted === 'orders' && (await accountAt(writer.ledger, ca)) === undefined);
  if (isWanted && (await accountAt(writer.ledger, ca))?.id !== row.id) await useForOrders(writer, row);
  return {
    row: (await accountByKey(writer.ledger, ca, keyThumbprint)) ?? row,
    isNew: known === undefined,
  };
}

async function insertFound(
  writer: LedgerWriter,
  stateDir: string | null,
  ca: string,
  keyPem: string,
  keyThumbprint: string,
): Promise<AccountRow> {
  const keyFile = keyFileOf(ca, keyThumbprint);
  if (stateDir !== null) await keepKey(join(stateDir, keyFile), keyPem);
  return insertAccount(writer, { ca, keyFile, keyThumbprint, email: null, purpose: 'clean-up' });
}

/**
 * A key file of that name is from a run that ended before its row was written: the name says that it has the
 * same key.
 */
async function keepKey(path: string, keyPem: string): Promise<void> {
  if (!(await writeAccountKey(path, keyPem))) await readAccountKey(path);
}
