import { timeText } from '../clock.ts';
import { printable, printableJson } from '../printable.ts';

export const levels = ['debug', 'info', 'warn', 'error'] as const;

export type Level = (typeof levels)[number];

/** One line of a log: what is said, and its facts. */
export interface LogRecord {
  level: Level;
  at: Date;
  message: string;
  fields: object;
}

/** Makes a line of a record. */
export type LineOf = (record: LogRecord) => string;

/** A record in a file: time, process, level, what is said, and its facts as JSON. */
export function fileLine({ level, at, message, fields }: LogRecord): string {
  const facts = Object.keys(fields).length === 0 ? '' : ` ${printableJson(fields)}`;
  const word = level === 'warn' ? 'warning' : level;
  return `${timeText(at)} [${String(process.pid)}] ${word}: ${printable(message)}${facts}\n`;
}
