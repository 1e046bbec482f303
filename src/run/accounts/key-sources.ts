import type { Authority } from '../../acme/authorities/authorities.ts';
import { authorityOf } from '../../acme/authorities/authorities.ts';
import { parseAccountKey } from '../../acme/http/account-key.ts';
import { readGivenFile } from '../../system/given-file.ts';
import { privateKeyOf } from '../../clients/account-key-formats.ts';
import type { ClientName } from '../../clients/client-accounts.ts';
import { accountsOfClient, clientNames } from '../../clients/client-accounts.ts';
import type { Unreadable } from '../../clients/found-files.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { authorityOfClient } from './client-authority.ts';
import type { CommandContext } from '../run-context.ts';

/** A key that a person gave, and where it was. */
export interface FoundKey {
  /** PKCS#8. */
  keyPem: string;
  file: string;
  /** Null for a file that a person named. */
  client: string | null;
  /** The CA of the key's account. */
  authority: Authority;
}

export interface FoundKeys {
  keys: FoundKey[];
  /** Files that can't be used, and why. */
  failed: { file: string; client: string | null; error: AcmeLedgerError }[];
  /** Keys of accounts at other CAs than the one of `--ca`. */
  elsewhere: number;
}

/** A client and the directory that it keeps its files in; undefined: its usual one. */
export interface ClientChoice {
  client: ClientName;
  directory: string | undefined;
}

/** `CLIENT[:DIR]`. @throws AcmeLedgerError `usage` */
export function parseClientChoice(text: string, flag: string): ClientChoice {
  const [, name = '', directory] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  const client = clientNames.find((one) => one === name);
  if (client === undefined) {
    throw new AcmeLedgerError('usage', `${flag} "${printable(text)}": no such client`, {
      hint: `give CLIENT or CLIENT:DIR, where CLIENT is one of ${clientNames.join(', ')}`,
    });
  }
  if (directory === '') {
    throw new AcmeLedgerError('usage', `${flag} "${printable(text)}" names no directory`, {
      hint: `leave the colon out to look where ${client} has its files by itself`,
    });
  }
  return { client, directory };
}

/**
 * The account key of a file that a person named, for the CA of the settings.
 * @throws AcmeLedgerError `bad-file`
 */
export async function keyOfFile({ settings }: CommandContext, file: string): Promise<FoundKey> {
  const bytes = await readGivenFile({ path: file, what: 'the account key', maxBytes: 4 * 1024 * 1024 });
  const keyPem = privateKeyOf(bytes, `the account key ${printable(file)}`);
  assertUsable(keyPem, file);
  return { keyPem, file, client: null, authority: authorityOf(settings.ca) };
}

/**
 * The keys of a client's accounts: all of them, or with an explicit `--ca` those at that CA. A key whose CA
 * the files don't tell is taken for a key of that CA.
 * @throws AcmeLedgerError `not-found`, `bad-file` when the client's directory can't be read at all
 */
export async function keysOfClient(
  context: CommandContext,
  { client, directory }: ClientChoice,
): Promise<FoundKeys> {
  const { accounts, unreadable } = await accountsOfClient(client, directory);
  const found: FoundKeys = {
    keys: [],
    failed: unreadable.map((one) => ({ client, file: one.file, error: unreadableError(one) })),
    elsewhere: 0,
  };
  for (const account of accounts) {
    try {
      assertUsable(account.keyPem, account.file);
      const authority = authorityOfClient(context, account);
      if (authority === 'elsewhere') found.elsewhere += 1;
      else found.keys.push({ keyPem: account.keyPem, file: account.file, client, authority });
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      found.failed.push({ client, file: account.file, error });
    }
  }
  return found;
}

/** The error for a folder that was named and has nothing of the client's: it is the wrong one. */
export function noAccounts(choice: string, elsewhere: number): AcmeLedgerError {
  const others = elsewhere === 0 ? '' : ', but of other CAs than that of --ca';
  return new AcmeLedgerError(
    'not-found',
    `${printable(choice)} has ${elsewhere === 0 ? 'no accounts' : 'accounts'}${others}`,
    { hint: 'check the directory: CLIENT:DIR' },
  );
}

/** The kinds of keys that CAs take are fewer than those that clients can make. */
function assertUsable(keyPem: string, file: string): void {
  try {
    parseAccountKey(keyPem);
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw new AcmeLedgerError(error.code, `${printable(file)}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
}

/** The error for a client's file that can't be used. */
export function unreadableError({ file, reason }: Unreadable): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', `${printable(file)} can't be used: ${printable(reason)}`, {
    hint: 'check the file and who may read it',
  });
}
