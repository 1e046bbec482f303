import { styleText } from 'node:util';
import { printable } from '../../printable.ts';
import type { LogRecord } from '../../run/log-record.ts';

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
