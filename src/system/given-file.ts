import { constants, type Stats } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { distrustOf } from './file-trust.ts';
import { printable } from '../printable.ts';
import { shellWord } from '../shell-word.ts';
import { failedWith } from './durable-file.ts';

export interface GivenFile {
  path: string;
  /** The file in the person's words, as in "the CSR". */
  what: string;
  maxBytes: number;
  mayBeEmpty?: boolean;
  /** Whether a file that others may change is taken: its content is compared with what a person said. */
  mayBeOfOthers?: boolean;
}

/**
 * Reads a file that a person named.
 * @throws AcmeLedgerError `bad-file` when it's missing, unreadable, no regular file, empty or larger than `maxBytes`, or others may change it
 */
export function readGivenFile(given: GivenFile): Promise<Buffer> {
  return withGivenFile(given, (file) => readBounded(file, given));
}

/**
 * Reads a file that holds a secret.
 * @throws AcmeLedgerError `bad-file` also when anybody but its owner may read or write it
 */
export function readSecretFile(given: GivenFile): Promise<Buffer> {
  return withGivenFile(given, async (file) => {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) {
      const octal = (mode & 0o777).toString(8).padStart(4, '0');
      throw badFile(
        `${given.what} ${printable(given.path)} is open to other users (mode ${octal})`,
        `chmod 600 ${shellWord(printable(given.path))}`,
      );
    }
    return readBounded(file, given);
  });
}

/** A `bad-file` error. */
export function badFile(message: string, hint: string, cause?: unknown): AcmeLedgerError {
  return new AcmeLedgerError('bad-file', message, { hint, cause });
}

async function withGivenFile(given: GivenFile, use: (file: FileHandle) => Promise<Buffer>): Promise<Buffer> {
  const file = await openGiven(given);
  try {
    return await use(file);
  } catch (error) {
    throw error instanceof AcmeLedgerError ? error : unreadable(given, error);
  } finally {
    await file.close();
  }
}

async function openGiven(given: GivenFile): Promise<FileHandle> {
  try {
    // The opening is non-blocking: for a FIFO that nobody writes to it would wait for ever.
    return await open(given.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(given, error);
  }
}

/** @throws AcmeLedgerError `bad-file` */
async function assertTrusted({ dev, ino }: Stats, { path, what, mayBeOfOthers }: GivenFile): Promise<void> {
  if (mayBeOfOthers === true) return;
  const distrust = distrustOf(resolve(path));
  if (distrust !== null) throw badFile(`${what} ${printable(path)} ${distrust.reason}`, distrust.hint);
  // The open file may be another one than its path leads to by now.
  const there = await stat(path);
  if (there.dev === dev && there.ino === ino) return;
  throw badFile(`${what} ${printable(path)} was exchanged while it was read`, 'run it again');
}

async function readBounded(file: FileHandle, given: GivenFile): Promise<Buffer> {
  const shown = `${given.what} ${printable(given.path)}`;
  const stats = await file.stat();
  if (!stats.isFile()) throw badFile(`${shown} isn't a regular file`, 'name a file');
  await assertTrusted(stats, given);
  if (stats.size > given.maxBytes) {
    throw badFile(
      `${shown} is larger than ${String(given.maxBytes)} bytes`,
      'check that it is the file you meant',
    );
  }
  const content = await file.readFile();
  if (content.length === 0 && given.mayBeEmpty !== true)
    throw badFile(`${shown} is empty`, 'check that it is the file you meant');
  return content;
}

function unreadable(given: GivenFile, cause: unknown): AcmeLedgerError {
  const reason = failedWith(cause, 'ENOENT')
    ? "doesn't exist"
    : `can't be read: ${printable(messageOf(cause))}`;
  return badFile(
    `${given.what} ${printable(given.path)} ${reason}`,
    'check the path and who may read it',
    cause,
  );
}
