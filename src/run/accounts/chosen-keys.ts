import { AcmeLedgerError } from '../../errors.ts';
import type { CommandContext } from '../run-context.ts';
import {
  type FoundKey,
  type FoundKeys,
  keyOfFile,
  keysOfClient,
  noAccounts,
  parseClientChoice,
} from './key-sources.ts';

/** The accounts that a command is to work with, as a person says it by their keys. */
export interface KeyChoice {
  /** `--account-key`: a file of any format; its account is at `--ca`. */
  accountKey: string | undefined;
  /** `--import-accounts`: `CLIENT[:DIR]` each. */
  importAccounts: readonly string[];
}

export function isKeyGiven({ accountKey, importAccounts }: KeyChoice): boolean {
  return accountKey !== undefined || importAccounts.length > 0;
}

/**
 * Reads the keys that a person gave; the CA isn't asked yet.
 * @throws AcmeLedgerError `usage`, `bad-file`, `not-found`
 */
export async function chosenKeys(context: CommandContext, choice: KeyChoice): Promise<FoundKeys> {
  const found: FoundKeys = { keys: [], failed: [], elsewhere: 0 };
  if (choice.accountKey !== undefined) {
    if (!context.settings.caGiven) throw noAuthority();
    found.keys.push(await keyOfFile(context, choice.accountKey));
  }
  for (const text of choice.importAccounts) {
    const { keys, failed, elsewhere } = await keysOfClient(
      context,
      parseClientChoice(text, '--import-accounts'),
    );
    found.keys.push(...keys);
    found.failed.push(...failed);
    found.elsewhere += elsewhere;
    if (keys.length + failed.length === 0) throw noAccounts(text, elsewhere);
  }
  return { ...found, keys: found.keys.filter(isFirst) };
}

/** One key at one server counts once, however often it was found. */
function isFirst(key: FoundKey, index: number, keys: readonly FoundKey[]): boolean {
  return (
    keys.findIndex(
      ({ keyPem, authority }) =>
        keyPem === key.keyPem && authority.directoryUrl === key.authority.directoryUrl,
    ) === index
  );
}

function noAuthority(): AcmeLedgerError {
  return new AcmeLedgerError('usage', 'which CA does the account of --account-key belong to?', {
    hint: 'name it: --ca NAME|URL',
  });
}
