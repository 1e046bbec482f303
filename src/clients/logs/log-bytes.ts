import { ReadStream, closeSync, constants, createReadStream, openSync, statSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable, type Transform, addAbortSignal, pipeline } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import zlib from 'node:zlib';
import { bytesOf } from '../../system/bytes-of.ts';
import { failedWith } from '../../system/durable-file.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';

export interface LogReading {
  signal: AbortSignal;
  /**
   * Called with how many more bytes were read; of a compressed log the compressed ones, so that they add up
   * to the file's size.
   */
  onBytes?: (bytes: number) => void;
  /** Called for a log that turns out to be damaged while it is read: the others are gone on with then. */
  onUnreadable?: (error: AcmeLedgerError) => void;
  /** Hosts of the servers that matter: URLs with a word that shops have, too (`orders`), are of no interest elsewhere. */
  servers?: readonly string[];
  /** The stream that `-` stands for; the process's own standard input unless given. */
  stdin?: Readable;
}

/** The buffers and strings of larger pieces are mapped and unmapped one by one, which costs more than it saves. */
const pieceBytes = 64 * 1024;

/**
 * Makes sure that all logs are there, and compressed in no way that can't be read, before the first of them is read.
 * @throws AcmeLedgerError `bad-file`
 */
export async function assertLogs(files: readonly string[]): Promise<void> {
  for (const file of files) {
    if (file === '-') continue;
    const found = await stat(file).catch((error: unknown) => {
      throw unreadable(file, error);
    });
    // A pipe isn't opened: that may wait for who writes into it.
    if (found.isFile()) decompressorFor(file, await headOfFile(file))?.destroy();
    if (!found.isDirectory()) continue;
    throw new AcmeLedgerError('bad-file', `${printable(file)} is a directory, not a log`, {
      hint: `give the logs in it: ${shellWord(printable(file).replace(/(?<!\/)\/+$/, ''))}/*`,
    });
  }
}

/** @throws AcmeLedgerError `bad-file` */
async function headOfFile(file: string): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(headBytes), position: 0 });
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(file, error);
  }
}

/**
 * The bytes of a log, piece by piece. A log that is compressed with gzip is decompressed, whatever its name,
 * and with zstd where this Node can (from 22.15 on).
 * @throws AcmeLedgerError `bad-file` when the log can't be read, is damaged, or was compressed in another way
 */
export async function* bytesOfLog(file: string, reading: LogReading): AsyncGenerator<Buffer> {
  reading.signal.throwIfAborted();
  const stream =
    file === '-'
      ? addAbortSignal(reading.signal, reading.stdin ?? process.stdin)
      : createReadStream(file, { highWaterMark: pieceBytes, signal: reading.signal });
  const endWait = (): void => {
    if (stream instanceof ReadStream) endOpening(stream, file).catch(() => undefined);
  };
  reading.signal.addEventListener('abort', endWait, { once: true });
  try {
    const pieces = counted(stream, reading.onBytes);
    const head = await headOf(pieces);
    const decompressor = decompressorFor(file, head);
    const all = rejoined(head, pieces);
    if (decompressor === null) yield* all;
    else yield* piped(all, decompressor);
  } catch (error) {
    reading.signal.throwIfAborted();
    throw error instanceof AcmeLedgerError ? error : unreadable(file, error);
  } finally {
    reading.signal.removeEventListener('abort', endWait);
    stream.destroy();
  }
}

const knockAgainMs = 50;
const knocksAtMost = 100;

/**
 * The opening of a pipe waits for who writes into it (fifo(7)), and nothing takes it back: so somebody comes, and writes nothing. Who may not
 * write there ends the program by a second signal.
 */
async function endOpening(stream: ReadStream, file: string): Promise<void> {
  for (let knocks = 0; stream.pending && !stream.closed && knocks < knocksAtMost; knocks += 1) {
    try {
      if (!statSync(file).isFIFO()) return;
      closeSync(openSync(file, constants.O_WRONLY | constants.O_NONBLOCK));
      return;
    } catch (error) {
      // The opening is yet to begin.
      if (!failedWith(error, 'ENXIO')) return;
    }
    await delay(knockAgainMs);
  }
}

async function* counted(stream: Readable, onBytes: LogReading['onBytes']): AsyncGenerator<Buffer> {
  for await (const bytes of bytesOf(stream)) {
    onBytes?.(bytes.length);
    yield bytes;
  }
}

const headBytes = 8;

/** The first piece, or as many as it takes to tell how the log is compressed. */
async function headOf(pieces: AsyncGenerator<Buffer>): Promise<Buffer> {
  let head = Buffer.alloc(0);
  while (head.length < headBytes) {
    const next = await pieces.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return head;
}

async function* rejoined(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

async function* piped(pieces: AsyncGenerator<Buffer>, decompressor: Transform): AsyncGenerator<Buffer> {
  // Errors of either side are thrown where the decompressor is read.
  pipeline(Readable.from(pieces, { objectMode: false }), decompressor, () => undefined);
  yield* bytesOf(decompressor);
}

interface MayReadZstd {
  createZstdDecompress?: () => Transform;
}

/** @throws AcmeLedgerError `bad-file` */
function decompressorFor(file: string, head: Buffer): Transform | null {
  // RFC 1952 §2.3.1: the magic number, and "deflate", the only method there is.
  if (startsWith(head, '1f8b08')) return zlib.createGunzip({ chunkSize: pieceBytes });
  if (startsWith(head, '28b52ffd')) {
    const { createZstdDecompress } = zlib as MayReadZstd;
    if (createZstdDecompress !== undefined) return createZstdDecompress();
    throw compressed(file, 'zstd', 'zstdcat');
  }
  if (startsWith(head, 'fd377a585a00')) throw compressed(file, 'xz', 'xzcat');
  // "BZh", the block size as a digit, and the first digits of pi.
  if (/^425a683[1-9]314159/.test(head.toString('hex'))) throw compressed(file, 'bzip2', 'bzcat');
  if (head.toString('latin1').startsWith('LPKSHHRH')) {
    throw new AcmeLedgerError('bad-file', `${shown(file)} is a journal of systemd, not a text`, {
      hint: `journalctl --file ${shellWord(shown(file))} -o short-iso | acme-ledger authz clear --from-log - …`,
    });
  }
  return null;
}

function startsWith(head: Buffer, hex: string): boolean {
  return head.toString('hex').startsWith(hex);
}

function compressed(file: string, method: string, command: string): AcmeLedgerError {
  return new AcmeLedgerError(
    'bad-file',
    `${shown(file)} is compressed with ${method}, which this Node.js (${process.version}) can't read`,
    {
      hint: `${command} ${file === '-' ? '' : `${shellWord(shown(file))} `}| acme-ledger authz clear --from-log - …`,
    },
  );
}

function unreadable(file: string, cause: unknown): AcmeLedgerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AcmeLedgerError('bad-file', `the log ${shown(file)} can't be read: ${printable(reason)}`, {
    hint: isDamage(cause)
      ? 'it is damaged, or not whole: what stands before that place was read'
      : 'name logs that this user can read',
    cause,
  });
}

/** Decompression failed (zlib's Z_…, and those of zstd), or the disk. */
function isDamage(cause: unknown): boolean {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return /^(?:Z_|ZSTD_|EIO$)/.test(code);
}

function shown(file: string): string {
  return file === '-' ? 'on standard input' : printable(file);
}
