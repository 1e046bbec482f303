import { statSync } from 'node:fs';
import { printable } from '../printable.ts';

/**
 * What root should know before it writes into the state directory of another user, who can't replace what root makes there: each renewal
 * would fail at the store until the certificate has ended.
 * @param user the effective user id; undefined where the system has none
 * @returns null when nothing is wrong, or there is no ledger yet
 */
export function otherOwner(
  ledgerFile: string,
  stateDir: string,
  user = process.geteuid?.(),
): { message: string; hint: string } | null {
  if (user !== 0) return null;
  const owner = statSync(ledgerFile, { throwIfNoEntry: false })?.uid ?? 0;
  if (owner === 0) return null;
  const [file, directory] = [printable(ledgerFile), printable(stateDir)];
  return {
    message: `${file} belongs to user ${String(owner)}, and this is root: what root writes there that user can't renew`,
    hint: `run it as that user (sudo -u '#${String(owner)}' acme-ledger …); chown -R ${String(owner)} ${directory} mends what is there`,
  };
}
