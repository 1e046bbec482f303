import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  openSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { RotatedFile } from '../system/rotated-file.ts';
import { type LineOf, type LogRecord, fileLine } from './log-record.ts';

/** The log file of a run. */
export interface LogFile {
  /** A person gave its place: the details of `-v` go there. */
  isAskedFor: boolean;
  write(record: LogRecord): void;
  /** @param isRefused the run never began @returns why lines are missing in it, and what to do; null when none are */
  close(isRefused: boolean): { message: string; hint: string } | null;
}

export interface LogFileOptions {
  stateDir: string;
  /** `--log-file`; null for the usual place. */
  file: string | null;
  /** Makes JSON of records; null for lines that people read. */
  jsonLine: LineOf | null;
  /** Whether the run has written anything: what is refused leaves no log where there was none. */
  hasBegun: () => boolean;
}

/** Weeks of daily runs for ten thousand names. */
const maxBytes = 10 * 1024 * 1024;
const keepMs = 30 * 86_400_000;
/** Lines before there is a state directory; a run has a handful. */
const heldMost = 1_000;

/** @throws AcmeLedgerError `usage` when the file of `--log-file` can't be written */
export function openLogFile({ stateDir, file, jsonLine, hasBegun }: LogFileOptions): LogFile {
  if (file !== null) assertLogFile(file);
  const place = file ?? join(stateDir, 'log', 'acme-ledger.log');
  const lineOf = jsonLine ?? fileLine;
  const sink = file === null ? usualSink(stateDir, place, hasBegun) : givenSink(file);
  let failure: unknown = null;
  return {
    isAskedFor: file !== null,
    write(record) {
      try {
        sink.append(lineOf(record));
      } catch (error) {
        // A full disk under the log is no reason to leave an order half done.
        failure ??= error;
      }
    },
    close(isRefused) {
      try {
        sink.close(isRefused);
      } catch (error) {
        failure ??= error;
      }
      if (failure === null) return null;
      const hint =
        file === null
          ? '--log-file FILE puts it elsewhere, --no-log does without'
          : 'give another --log-file';
      return {
        message: `the log ${place} could not be written: ${messageOf(failure)}`,
        hint: `nothing else is concerned; ${hint}`,
      };
    },
  };
}

interface Sink {
  append(line: string): void;
  close(isRefused: boolean): void;
}

/**
 * The log in the state directory. Where there is none yet, lines are held until the run has begun, or ends: whoever
 * makes that directory does it later, and wrong input makes nothing.
 */
function usualSink(stateDir: string, place: string, hasBegun: () => boolean): Sink {
  let held: string[] = [];
  let file: RotatedFile | null = null;
  const flush = (): void => {
    const state = statSync(stateDir, { throwIfNoEntry: false });
    if (state === undefined) return;
    // What root makes in another user's directory is that user's.
    const owner = process.geteuid?.() === 0 ? { uid: state.uid, gid: state.gid } : null;
    file ??= new RotatedFile(place, { maxBytes, keepMs, owner });
    const lines = held;
    held = [];
    for (const each of lines) file.append(each);
  };
  return {
    append(line) {
      if (held.length < heldMost) held.push(line);
      if (file !== null || hasBegun() || existsSync(place)) flush();
    },
    close(isRefused) {
      if (held.length > 0 && !isRefused) flush();
      file?.close();
    },
  };
}

/** A place of the person's own, which others may rotate: it is only appended to. */
function givenSink(path: string): Sink {
  let file: number | null = null;
  return {
    append(line) {
      file ??= openSync(path, 'a', 0o600);
      writeSync(file, line);
    },
    close() {
      if (file !== null) closeSync(file);
    },
  };
}

/** Checks the log file without making it: a command that is refused leaves nothing behind. */
function assertLogFile(file: string): void {
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    if (existsSync(file) && statSync(file).isDirectory()) throw new Error("it's a directory");
    const there = lstatSync(file, { throwIfNoEntry: false });
    const isStrangers = there !== undefined && there.uid !== 0 && there.uid !== process.geteuid?.();
    if (there?.isSymbolicLink() === true && isStrangers) throw new Error("it's a link of another user");
  } catch (error) {
    throw new AcmeLedgerError(
      'usage',
      `the log file ${printable(file)} can't be written: ${printable(messageOf(error))}`,
      { hint: 'give another --log-file', cause: error },
    );
  }
}
