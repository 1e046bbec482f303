import { link, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeDirectories } from '../system/directories.ts';
import { failedWith, syncDirectory, uniqueSuffix, writeDurably } from '../system/durable-file.ts';
import { AcmeLedgerError, hasCode, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { generateAccountKey, parseAccountKey } from './http/account-key.ts';
import { shellWord } from '../shell-word.ts';

const maxKeyBytes = 64 * 1024;

export interface ReadKeyOptions {
  /** Take a key file that others may read. Only for files of other programs. */
  allowReadable?: boolean;
}

/**
 * The PEM of an account key file, checked.
 * @throws AcmeLedgerError `bad-file` when it can't be read, is no account key, or group or others may read it; `not-found`
 */
export async function readAccountKey(file: string, options: ReadKeyOptions = {}): Promise<string> {
  const shown = printable(file);
  const { pem, mode } = await contentOf(file, shown);
  if (options.allowReadable !== true && (mode & 0o077) !== 0) {
    throw new AcmeLedgerError(
      'bad-file',
      `the account key ${shown} can be read by others (mode ${(mode & 0o777).toString(8)})`,
      {
        hint: `chmod 600 ${shellWord(shown)}`,
      },
    );
  }
  try {
    parseAccountKey(pem);
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw new AcmeLedgerError(error.code, `${shown}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
  return pem;
}

/**
 * The account key of a file; a new one when there is no file. It is on disk for good before this returns, because an account whose
 * key is lost can't be used any more. Of two processes that make it at once both get the same.
 * @throws AcmeLedgerError `state-dir` when it can't be written; as `readAccountKey`
 */
export async function loadOrCreateAccountKey(file: string): Promise<{ pem: string; isNew: boolean }> {
  try {
    return { pem: await readAccountKey(file), isNew: false };
  } catch (error) {
    if (!hasCode(error, 'not-found')) throw error;
  }
  const pem = generateAccountKey();
  const isNew = await writeAccountKey(file, pem);
  return isNew ? { pem, isNew } : { pem: await readAccountKey(file), isNew };
}

/**
 * Writes an account key, mode 0600, flushed to the disk. Never replaces one.
 * @returns false when there is a file already
 * @throws AcmeLedgerError `state-dir`
 */
export async function writeAccountKey(file: string, pem: string): Promise<boolean> {
  const folder = path.dirname(file);
  const temporary = `${file}.${uniqueSuffix()}`;
  try {
    makeDirectories(folder);
    await writeDurably(temporary, pem, 0o600);
    const isNew = await place(temporary, file);
    await syncDirectory(folder);
    return isNew;
  } catch (cause) {
    throw new AcmeLedgerError(
      'state-dir',
      `the account key can't be written to ${printable(folder)} (${codeOf(cause)})`,
      {
        hint: 'check the permissions and the free space there, or choose another --state-dir',
        cause,
      },
    );
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function contentOf(file: string, shown: string): Promise<{ pem: string; mode: number }> {
  try {
    const handle = await open(file, 'r');
    try {
      const { mode, size } = await handle.stat();
      if (size > maxKeyBytes) throw new Error('too long for a key');
      return { pem: await handle.readFile('utf8'), mode };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const isMissing = failedWith(cause, 'ENOENT');
    throw new AcmeLedgerError(
      isMissing ? 'not-found' : 'bad-file',
      `the account key ${shown} can't be read (${codeOf(cause)})`,
      {
        hint: isMissing ? 'check the path' : 'check the path and its permissions',
        cause,
      },
    );
  }
}

/** Unlike a rename, a hard link fails when the name is taken: it can't replace the key of another process. */
async function place(temporary: string, file: string): Promise<boolean> {
  try {
    await link(temporary, file);
    return true;
  } catch (error) {
    if (failedWith(error, 'EEXIST')) return false;
    const isTaken = await stat(file).then(
      () => true,
      () => false,
    );
    // File systems without hard links (FAT, some network mounts).
    if (!isTaken) await rename(temporary, file);
    return !isTaken;
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : messageOf(error);
}
