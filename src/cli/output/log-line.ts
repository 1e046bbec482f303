import { timeText } from '../../clock.ts';
import { hostname } from 'node:os';
import { styleText } from 'node:util';
import { printable, printableJson } from '../../printable.ts';

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

/** A record for a person: sentences, and what to do on a line of its own. */
export function personLines({ level, at, message, fields }: LogRecord, coloured: boolean): string {
  const { text, hint } = sentenceOf(message, fields);
  const hintLine = hint === null ? '' : `hint: ${printable(hint)}\n`;
  if (level === 'warn') return `${painted('yellow', 'warning:', coloured)} ${text}\n${hintLine}`;
  if (level === 'error') return `${painted('red', 'error:', coloured)} ${text}\n${hintLine}`;
  return `${painted('gray', at.toTimeString().slice(0, 8), coloured)} ${text}\n${hintLine}`;
}

function painted(colour: 'yellow' | 'red' | 'gray', text: string, coloured: boolean): string {
  // What is asked for is known already; styleText would look at stdout.
  return coloured ? styleText(colour, text, { validateStream: false }) : text;
}

/** The words for facts whose names say too little, or too much, behind a sentence. */
const words: Readonly<Record<string, string>> = { url: '', stack: '', file: 'file' };

/** `MESSAGE: the error's own (order 12, name example.com)`, and the hint. */
function sentenceOf(message: string, fields: object): { text: string; hint: string | null } {
  let [why, hint]: [string, string | null] = ['', null];
  const facts: string[] = [];
  for (const [key, value] of Object.entries(fields)) {
    if (key === 'hint' && typeof value === 'string') hint = value;
    else if (key === 'error' && isError(value)) {
      if (!message.includes(value.message)) why = `: ${value.message}`;
      hint ??= value.hint ?? null;
    } else if (value !== null && value !== undefined) facts.push(factOf(key, value));
  }
  const told = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
  return { text: printable(`${message}${told}${why}`), hint };
}

function factOf(key: string, value: unknown): string {
  const word = words[key] ?? key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const text = Array.isArray(value) ? value.map(textOf).join(' ') : textOf(value);
  return word === '' ? text : `${word} ${text}`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isError(value: unknown): value is { message: string; hint?: string | null } {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  );
}
