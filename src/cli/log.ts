import type { Log } from '../issuance/issuance.ts';
import type { PinoLog } from './pino-log.ts';

export interface LogOptions {
  /** -1: errors, 0: warnings, 1: what is done, 2: every request. */
  verbosity: number;
  format: 'pretty' | 'json';
  file: string | null;
}

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

export interface ClosableLog extends Log {
  /** Resolves when everything is written. */
  close(): Promise<void>;
}

/** A log that loads pino when there is something to say: most runs say nothing, and start sooner. */
export function createLog(options: LogOptions): ClosableLog {
  const lowest = options.verbosity >= 2 ? 0 : options.verbosity === 1 ? 1 : options.verbosity === 0 ? 2 : 3;
  let writing: Promise<unknown> = Promise.resolve();
  let opened: Promise<PinoLog> | undefined;
  const open = async (): Promise<PinoLog> =>
    (await import('./pino-log.ts')).openPino(options, levels[lowest]);
  const at = (level: Level) => (fields: object, message: string) => {
    if (levels.indexOf(level) < lowest) return;
    opened ??= open();
    const logger = opened;
    writing = writing.then(async () => {
      (await logger).write(level, fields, message);
    });
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    async close() {
      await writing;
      (await opened)?.close();
    },
  };
}
