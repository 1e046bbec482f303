import type { Log } from '../../log-and-stops.ts';
import type { LogFile } from '../../run/log-file.ts';
import { type Level, type LineOf, levels } from '../../run/log-record.ts';
import { personLines } from './log-line.ts';
import { screen } from './screen.ts';

export interface LogOptions {
  /** -1: errors, 0: warnings, 1: work done, 2: every request. */
  verbosity: number;
  /** Makes JSON of records; null for sentences. */
  jsonLine: LineOf | null;
  /** The log file of the run; null for none. */
  logFile: LogFile | null;
}

/**
 * The log of a run, in two places: stderr as far as `-v` and `-q` say, in sentences or as JSON, and the log
 * file, which has all but single requests in any case. Where `--log-file` is given, the details of `-v` are in
 * that file alone.
 */
export function createLog({ verbosity, jsonLine, logFile }: LogOptions): Log {
  const lowest = verbosity >= 2 ? 0 : verbosity === 1 ? 1 : verbosity === 0 ? 2 : 3;
  const at = (level: Level) => (fields: object, message: string) => {
    const rank = levels.indexOf(level);
    const record = { level, at: new Date(), message, fields };
    if (rank >= Math.min(lowest, levels.indexOf('info'))) logFile?.write(record);
    const isDetail = rank < levels.indexOf('warn');
    if (rank < lowest || (isDetail && logFile?.isAskedFor === true)) return;
    const text = jsonLine === null ? personLines(record, isColoured()) : jsonLine(record);
    screen.write(process.stderr, text);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
}

/** Whether stderr shows colours. no-color.org: an empty NO_COLOR doesn't count. */
function isColoured(): boolean {
  return process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === '';
}
