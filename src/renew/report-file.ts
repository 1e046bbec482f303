import { type Stats, fstatSync } from 'node:fs';
import { lstat, open, realpath, stat, unlink } from 'node:fs/promises';
import { resolve } from 'node:path';
import { replaceFile, uniqueSuffix } from '../system/durable-file.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError, errorRecord, exitCodeOf, messageOf } from '../errors.ts';
import { assertTrustedHook } from '../system/hook-program.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';
import { stoppedCode } from '../log-and-stops.ts';
import { runReportHook } from './report-hook.ts';

/** The results of a `renew`, in the shapes of its `--json` (docs/json.md). */
export interface RenewalRecord {
  certificates: object[];
  /** Null when the run ended before it came to count. */
  summary: object | null;
}

export interface ReportOptions {
  /** `--report`: where the report is written; null for nowhere. */
  file: string | null;
  /** The mode of that file; 0600 when left out. */
  mode?: number;
  /** `--on-finish`: a shell command that reads the report from stdin. */
  hook: string | null;
}

/** The report tells every name, and its faults: nobody else may read it unless told. */
const usualMode = 0o600;

/** `--report-mode`. @throws AcmeLedgerError `usage` */
export function reportMode(given: string | undefined, file: string | undefined): number {
  if (given === undefined) return usualMode;
  if (file === undefined) {
    throw new AcmeLedgerError('usage', '--report-mode is given without a report', {
      hint: 'add --report FILE',
    });
  }
  // The owner can read the report, and nobody else can write it.
  if (/^0?[46][04][04]$/.test(given)) return Number.parseInt(given, 8);
  throw new AcmeLedgerError(
    'usage',
    `--report-mode must be 600, 640, 644 or less, not ${printable(given).slice(0, 60)}`,
    { hint: 'for example --report-mode 640, for a group that reads it' },
  );
}

/**
 * Does the work and writes its report, however the work ended. A failure of the report is warned of and
 * changes no exit code: the certificates are what they are.
 * @throws AcmeLedgerError `usage` before anything is done when the report can't be written there; the errors
 * of the work
 */
export async function reported(
  context: CommandContext,
  options: ReportOptions,
  act: (record: RenewalRecord) => Promise<number>,
): Promise<number> {
  if (options.hook !== null) assertTrustedHook(options.hook, process.cwd(), '--on-finish');
  if (options.file !== null) await assertWritable(options.file);
  const record: RenewalRecord = { certificates: [], summary: null };
  const startedAt = systemClock.now();
  const finish = async (exitCode: number, error: unknown): Promise<void> => {
    const { summary, certificates } = record;
    const failure = error === undefined ? null : errorRecord(error);
    const endedAt = systemClock.now();
    const code = stoppedCode(context.stops) ?? exitCode;
    const report = { startedAt, endedAt, exitCode: code, error: failure, summary, certificates };
    await tell(context, options, `${JSON.stringify(report, null, 2)}\n`, code);
  };
  try {
    const exitCode = await act(record);
    await finish(exitCode, undefined);
    return exitCode;
  } catch (error) {
    await finish(exitCodeOf(error), error);
    throw error;
  }
}

async function assertWritable(file: string): Promise<void> {
  try {
    const path = await targetOf(file);
    const probe = `${path}.${uniqueSuffix()}`;
    const there = await stat(path).catch(() => null);
    if (file === '' || there?.isDirectory() === true) throw new Error("it's a directory");
    // Root may replace any file: /dev/null would be a regular file from then on.
    if (there?.isFile() === false) throw new Error("it isn't a regular file");
    if (there !== null && isOwnOutput(there)) throw new Error('this run prints there');
    await (await open(probe, 'wx', 0o600)).close();
    await unlink(probe);
  } catch (cause) {
    throw new AcmeLedgerError('usage', `--report ${printable(file)}: ${messageOf(cause)}`, {
      hint: 'give a file in a directory that can be written; nothing was sent',
      cause,
    });
  }
}

/**
 * Whether the file is what this run prints to, as `/dev/stdout` is where that goes to a file: the output
 * would be lost.
 */
function isOwnOutput({ dev, ino }: Stats): boolean {
  return [1, 2].some((descriptor) => {
    try {
      const printed = fstatSync(descriptor);
      return printed.dev === dev && printed.ino === ino;
    } catch {
      // The descriptor is closed.
      return false;
    }
  });
}

/**
 * The file that a link leads to, so that the link stays. @throws Error for another user's link: it would
 * choose which file is replaced
 */
async function targetOf(file: string): Promise<string> {
  const there = await lstat(file).catch(() => null);
  const isStrangers = there !== null && there.uid !== 0 && there.uid !== process.geteuid?.();
  if (there?.isSymbolicLink() === true && isStrangers) throw new Error("it's a link of another user");
  return realpath(file).catch(() => resolve(file));
}

async function tell(
  context: CommandContext,
  { file, mode = usualMode, hook }: ReportOptions,
  report: string,
  exitCode: number,
): Promise<void> {
  let path: string | null = null;
  try {
    if (file !== null) {
      path = await targetOf(file);
      await replaceFile(path, report, mode);
    }
  } catch (error) {
    context.output.warn(
      `the report ${printable(path ?? file ?? '')} could not be written: ${printable(messageOf(error))}`,
      'the certificates are not concerned; acme-ledger cert list has the last error of each',
    );
  }
  // In an interrupted run there are seconds left, and the person who interrupted it knows.
  const isInterrupted = (): boolean => context.stops.work.aborted;
  if (hook === null || isInterrupted()) return;
  try {
    await runReportHook(context, { command: hook, report, file: path ?? '', exitCode });
  } catch (error) {
    if (!isInterrupted()) throw error;
  }
}
