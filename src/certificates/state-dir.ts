import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { makePrivateDirectory } from './durable-file.ts';

/**
 * Makes the state directory for its owner alone (0700), or checks the one that is there.
 * @throws AcmeLedgerError `state-dir` when it can't be made or written, or other users could put files into it
 */
export async function prepareStateDir(path: string): Promise<void> {
  try {
    await makePrivateDirectory(path);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable(path, printable(messageOf(cause)), 'choose another with --state-dir DIR', cause);
  }
  const { mode } = await stat(path);
  // Others may look: keys lie in directories and files of their own, closed to them. They may not exchange those.
  if ((mode & 0o022) !== 0) {
    throw unusable(path, 'other users may write to it', `chmod 700 ${printable(path)}`);
  }
}

function unusable(path: string, reason: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('state-dir', `the state directory ${printable(path)} can't be used: ${reason}`, {
    hint,
    cause,
  });
}
