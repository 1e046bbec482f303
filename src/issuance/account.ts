import { join } from 'node:path';
import { loadOrCreateAccountKey, readAccountKey } from '../acme/account-key-file.ts';
import { parseAccountKey, thumbprint } from '../acme/account-key.ts';
import type { Registration, Session } from '../acme/session.ts';
import { AcmeLedgerError } from '../errors.ts';
import { accountAt, insertAccount, recordRegistered } from '../ledger/accounts.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';

/** An account with the key that it signs with. */
export interface KeyedAccount {
  row: AccountRow;
  keyPem: string;
}

/**
 * The account used at this CA, with its key: the one in the ledger, else a new one, whose key is on disk before anything is
 * sent. It may not be registered yet.
 * @throws AcmeLedgerError `bad-file`, `state-dir`
 */
export async function accountWithKey(
  writer: LedgerWriter,
  stateDir: string,
  ca: string,
  email: string | null,
): Promise<KeyedAccount> {
  const known = await accountAt(writer.ledger, ca);
  if (known !== undefined)
    return { row: known, keyPem: await readAccountKey(join(stateDir, known.key_file)) };
  const keyFile = keyFileOf(ca);
  const { pem } = await loadOrCreateAccountKey(join(stateDir, keyFile));
  const row = await insertAccount(writer, {
    ca,
    keyFile,
    keyThumbprint: thumbprint(parseAccountKey(pem)),
    email,
  });
  return { row, keyPem: pem };
}

/**
 * Finds an account key that can't be used before anything is sent or written; one that isn't made yet is fine.
 * @param known the account in the ledger
 * @throws AcmeLedgerError `bad-file`, `not-found` when the key of a known account is missing
 */
export async function assertAccountKey(
  stateDir: string,
  ca: string,
  known: AccountRow | undefined,
): Promise<void> {
  try {
    await readAccountKey(join(stateDir, known?.key_file ?? keyFileOf(ca)));
  } catch (error) {
    const isMissing = error instanceof AcmeLedgerError && error.code === 'not-found';
    if (known !== undefined || !isMissing) throw error;
  }
}

/**
 * Registers the account unless it is already (RFC 8555 §7.3; a repeated newAccount for a key gives the same account, so a lost
 * answer costs nothing).
 * @throws AcmeLedgerError `usage` when the CA wants terms agreed or an external account binding
 */
export async function ensureRegistered(
  writer: LedgerWriter,
  session: Session,
  account: AccountRow,
  registration: Registration,
  signal: AbortSignal,
): Promise<AccountRow> {
  if (account.url !== null) return account;
  const answer = await session.register(registration, signal);
  if (answer.status !== 'valid') {
    throw new AcmeLedgerError('ca-problem', `the CA says the account is ${answer.status}`, {
      hint: 'acme-ledger account list',
    });
  }
  const email = registration.email ?? null;
  await recordRegistered(writer, account.id, { url: answer.url, status: answer.status, email });
  return { ...account, url: answer.url, status: answer.status, email };
}

/**
 * Relative to the state directory; the directory URL as a file name that a person recognises.
 * @param thumbprint of the key, for one that isn't the first at its CA
 */
export function keyFileOf(ca: string, thumbprint?: string): string {
  const { host, pathname } = new URL(ca);
  const name = `${host}${pathname}`.replace(/[^A-Za-z0-9.-]+/g, '_').replace(/_+$/, '');
  return join('accounts', thumbprint === undefined ? `${name}.pem` : `${name}.${thumbprint}.pem`);
}
