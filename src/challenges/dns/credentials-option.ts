import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { pathAsMeant } from '../../system/home-directory.ts';
import { type OptionPlace, usage } from '../solver-option.ts';

/** The option of every solver that signs in with more than a key: the path is kept, and what the file says is read when it is needed. */
export const credentialsOption = {
  dnsCredentials: {
    placeholder: 'FILE',
    help: "DNS providers: their variables or the vendor's file, instead of the environment",
    kind: 'text',
    isShared: true,
    check: checkedSecretFile,
  },
} as const;

/** The absolute path of a file with a secret; null for none. @throws AcmeLedgerError `usage` where it isn't there, or others may read it */
export function checkedSecretFile(
  given: string | undefined,
  { directory, look, flag }: OptionPlace,
): string | null {
  if (given === undefined || given.trim() === '') return null;
  const path = resolve(
    directory,
    pathAsMeant(given, (fault, hint) => usage(`${flag} ${fault}`, hint)),
  );
  if (look) assertSecret(path, flag);
  return path;
}

function assertSecret(path: string, flag: string): void {
  let stats;
  try {
    stats = statSync(path);
  } catch (error) {
    throw usage(`${flag} ${printable(path)} can't be used: ${printable(messageOf(error))}`, 'check the path');
  }
  if (!stats.isFile()) throw usage(`${flag} ${printable(path)} isn't a regular file`, 'name a file');
  if ((stats.mode & 0o077) === 0) return;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  throw usage(
    `${flag} ${printable(path)} is open to other users (mode ${mode})`,
    `chmod 600 ${shellWord(printable(path))}`,
  );
}
