import { join } from 'node:path';
import { loadOrCreateAccountKey, readAccountKey, writeAccountKey } from '../../acme/account-key-file.ts';
import { generateAccountKey, parseAccountKey, thumbprint } from '../../acme/http/account-key.ts';
import type { Registration, Session } from '../../acme/session.ts';
import { AcmeLedgerError, hasCode } from '../../errors.ts';
import { accountAt, insertAccount, lostAccountsAt, recordRegistered } from '../../ledger/accounts.ts';
import { printable } from '../../printable.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';

/** An account with the key that it signs with. */
export interface KeyedAccount {
  row: AccountRow;
  keyPem: string;
}

/**
 * The account used at this CA, with its key: that of the ledger, else a new account, whose key is on disk
 * before anything is sent. It may not be registered yet.
 * @throws AcmeLedgerError `bad-file`, `state-dir`
 */
export async function accountWithKey(
  writer: LedgerWriter,
  stateDir: string,
  ca: string,
  email: string | null,
): Promise<KeyedAccount> {
  const known = await accountAt(writer.ledger, ca);
  if (known !== undefined) return { row: known, keyPem: await keyOfAccount(stateDir, known) };
  const { keyFile, pem } = await keyForNew(writer, stateDir, ca);
  const row = await insertAccount(writer, {
    ca,
    keyFile,
    keyThumbprint: thumbprint(parseAccountKey(pem)),
    email,
  });
  return { row, keyPem: pem };
}

/**
 * The first account at a CA has a file of a plain name. After a lost account the key is another one, because
 * the CA refuses the old.
 */
async function keyForNew(
  { ledger }: LedgerWriter,
  stateDir: string,
  ca: string,
): Promise<{ keyFile: string; pem: string }> {
  if ((await lostAccountsAt(ledger, ca)).length === 0) {
    const keyFile = keyFileOf(ca);
    return { keyFile, pem: (await loadOrCreateAccountKey(join(stateDir, keyFile))).pem };
  }
  const pem = generateAccountKey();
  const keyFile = keyFileOf(ca, thumbprint(parseAccountKey(pem)));
  await writeAccountKey(join(stateDir, keyFile), pem);
  return { keyFile, pem };
}

/**
 * The key of an account that the ledger has.
 * @throws AcmeLedgerError `bad-file` when the file holds another account's key; as `readAccountKey`
 */
export async function keyOfAccount(
  stateDir: string,
  { key_file, key_thumbprint, ca }: AccountRow,
): Promise<string> {
  const file = join(stateDir, key_file);
  const pem = await readAccountKey(file);
  const found = thumbprint(parseAccountKey(pem));
  if (found === key_thumbprint) return pem;
  throw new AcmeLedgerError(
    'bad-file',
    `${printable(file)} holds another key than that of the account at ${ca}: its thumbprint is ${found}, the ledger has ${key_thumbprint}`,
    {
      hint: 'put the key of that account back there, from a backup; acme-ledger account list shows the accounts',
    },
  );
}

/**
 * Finds an account key that can't be used before anything is sent or written; a key that isn't made yet is
 * fine.
 * @param known the account in the ledger
 * @throws AcmeLedgerError `bad-file`, `not-found` when the key of a known account is missing
 */
export async function assertAccountKey(
  stateDir: string,
  ca: string,
  known: AccountRow | undefined,
): Promise<void> {
  try {
    await (known === undefined
      ? readAccountKey(join(stateDir, keyFileOf(ca)))
      : keyOfAccount(stateDir, known));
  } catch (error) {
    const isMissing = hasCode(error, 'not-found');
    if (known !== undefined || !isMissing) throw error;
  }
}

/**
 * Registers the account unless it is already (RFC 8555 §7.3; a repeated newAccount for a key gives the same
 * account, so a lost answer costs nothing).
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
 * The key's file, relative to the state directory: the directory URL as a file name that a person recognises.
 * @param thumbprint of the key, for an account that isn't the first at its CA
 */
export function keyFileOf(ca: string, thumbprint?: string): string {
  const { host, pathname } = new URL(ca);
  const name = `${host}${pathname}`.replace(/[^A-Za-z0-9.-]+/g, '_').replace(/_$/, '');
  return join('accounts', thumbprint === undefined ? `${name}.pem` : `${name}.${thumbprint}.pem`);
}
