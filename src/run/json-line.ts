import { pino } from 'pino';
import { timeText } from '../clock.ts';
import { printable } from '../printable.ts';
import type { LogRecord } from './log-record.ts';

let [at, line] = [new Date(0), ''];

/** Hands the line that pino makes of a record back at once: who asked for it writes it where it belongs. */
const logger = pino(
  { level: 'debug', timestamp: () => `,"time":"${timeText(at)}"` },
  {
    write(text) {
      line = text;
    },
  },
);

/** A record as JSON, for collectors of logs; pino is loaded with this file, and only where records are asked for as JSON. */
export function jsonLine(record: LogRecord): string {
  at = record.at;
  logger[record.level](printableFields(record.fields), printable(record.message));
  return line;
}

/** Makes characters of fields visible that JSON leaves as they are: DEL, C1 and bidirectional controls. */
function printableFields(fields: object): object {
  const visible = (_key: string, value: unknown): unknown =>
    typeof value === 'string' ? printable(value) : value;
  return JSON.parse(JSON.stringify(fields), visible) as object;
}
