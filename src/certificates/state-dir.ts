import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { failedWith, makePrivateDirectory } from '../system/durable-file.ts';
import { shellWord } from '../shell-word.ts';

/**
 * Finds what keeps the state directory from being made or used, without writing anything.
 * @throws AcmeLedgerError `state-dir`
 */
export async function assertStateDir(path: string): Promise<void> {
  const found = await nearestExisting(path);
  try {
    if (!(await stat(found)).isDirectory()) throw new Error(`${found} isn't a directory`);
    await access(found, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw unusable(path, printable(messageOf(cause)), 'choose another with --state-dir DIR', cause);
  }
  if (found === path) await assertClosed(path);
}

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
  await assertClosed(path);
}

/** The directory itself, or the first one above it that exists. */
async function nearestExisting(path: string): Promise<string> {
  for (let candidate = path; ; candidate = dirname(candidate)) {
    try {
      await stat(candidate);
      return candidate;
    } catch (error) {
      if (!failedWith(error, 'ENOENT', 'ENOTDIR') || candidate === dirname(candidate)) return candidate;
    }
  }
}

async function assertClosed(path: string): Promise<void> {
  const { mode } = await stat(path);
  // Other users may look: keys lie in directories and files of their own, closed to them. Others may not
  // exchange these.
  if ((mode & 0o022) !== 0) {
    throw unusable(path, 'other users may write to it', `chmod 700 ${shellWord(printable(path))}`);
  }
}

function unusable(path: string, reason: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('state-dir', `the state directory ${printable(path)} can't be used: ${reason}`, {
    hint,
    cause,
  });
}
