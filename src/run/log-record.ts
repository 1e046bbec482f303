import { timeText } from '../clock.ts';
import { hostname } from 'node:os';
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

/** The levels' numbers in JSON, those of pino and bunyan. */
const numbers = { debug: 20, info: 30, warn: 40, error: 50 } as const satisfies Record<Level, number>;

/** A record as JSON, for collectors of logs. */
export function jsonLine({ level, at, message, fields }: LogRecord): string {
  const { pid } = process;
  const time = timeText(at);
  return `${printableJson({ level: numbers[level], time, pid, hostname: hostname(), ...fields, msg: message })}\n`;
}

/** A record in a file: time, process, level, what is said, and its facts as JSON. */
export function fileLine({ level, at, message, fields }: LogRecord): string {
  const facts = Object.keys(fields).length === 0 ? '' : ` ${printableJson(fields)}`;
  const word = level === 'warn' ? 'warning' : level;
  return `${timeText(at)} [${String(process.pid)}] ${word}: ${printable(message)}${facts}\n`;
}
