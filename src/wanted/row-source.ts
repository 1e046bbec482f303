import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bytesOf } from '../system/bytes-of.ts';
import { badFile } from '../system/given-file.ts';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { distrustOf } from '../system/file-trust.ts';
import { printable } from '../printable.ts';
import type { Line } from './row-lines.ts';
import { linesOf } from './row-lines.ts';

/** The source of rows. */
export interface RowSource {
  /** The source's name in errors. */
  label: string;
  /** The directory that relative paths in the rows start from. */
  directory: string;
  /** From the beginning; more than once only where that was asked for. */
  lines: () => AsyncGenerator<Line>;
  close: () => Promise<void>;
}

/**
 * A file, or stdin for `-`. What can't be read twice (stdin, a pipe) is copied into a private temporary file where it must be.
 * @param options.signal ends the wait for what comes through a pipe
 * @throws AcmeLedgerError `bad-file`
 */
export async function openRowSource(
  given: string,
  options: { twice: boolean; signal: AbortSignal },
): Promise<RowSource> {
  const isStdin = given === '-';
  const label = isStdin ? 'stdin' : given;
  const directory = isStdin ? process.cwd() : dirname(resolve(given));
  if (!isStdin && (await isRegular(given))) {
    assertTrusted(given);
    return { label, directory, lines: () => linesFrom(createReadStream(given), label), close: nothing };
  }
  const stream = isStdin ? process.stdin : createReadStream(given);
  const { signal } = options;
  signal.addEventListener('abort', () => stream.destroy(signal.reason as Error), { once: true });
  if (!options.twice) return { label, directory, lines: () => linesFrom(stream, label), close: nothing };
  const copy = await copied(stream, label);
  return { label, directory, lines: () => linesFrom(createReadStream(copy.file), label), close: copy.close };
}

const nothing = (): Promise<void> => Promise.resolve();

/**
 * Checks that nobody else may change the file: its rows may name hooks.
 * @throws AcmeLedgerError `bad-file`
 */
function assertTrusted(path: string): void {
  const distrust = distrustOf(resolve(path));
  if (distrust === null) return;
  const { reason, hint } = distrust;
  throw badFile(`the list ${printable(path)} ${reason}`, `${hint}; or read it, and hand it over on stdin: -`);
}

/** @throws AcmeLedgerError `bad-file` when there is nothing that could be read */
async function isRegular(path: string): Promise<boolean> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new Error("it's a directory");
    return stats.isFile();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function linesFrom(stream: Readable, label: string): AsyncGenerator<Line> {
  return linesOf(chunksOf(stream, label));
}

async function* chunksOf(stream: Readable, label: string): AsyncGenerator<Buffer> {
  try {
    yield* bytesOf(stream);
  } catch (error) {
    throw unreadable(label, error);
  }
}

async function copied(
  stream: Readable,
  label: string,
): Promise<{ file: string; close: () => Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'acme-ledger-import-'));
  const close = (): Promise<void> => rm(directory, { recursive: true, force: true });
  const file = join(directory, 'rows');
  try {
    await pipeline(stream, createWriteStream(file, { mode: 0o600 }));
    return { file, close };
  } catch (error) {
    await close();
    throw unreadable(label, error);
  }
}

function unreadable(path: string, cause: unknown): Error {
  if (cause instanceof AcmeLedgerError) return cause;
  return badFile(
    `${printable(path)} can't be read: ${printable(messageOf(cause))}`,
    'check the path and who may read it; - reads stdin',
    cause,
  );
}
