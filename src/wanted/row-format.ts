import { isRecord } from '../json-record.ts';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { badRow, assertKnownField } from '../settings/certificate-fields.ts';
import type { Line } from './row-lines.ts';

/** A row as it is written: what its fields say isn't checked. */
export interface RawRow {
  line: number;
  /** @throws AcmeLedgerError `bad-file` when the line can't be read as a row */
  read: () => Record<string, unknown>;
}

/**
 * The rows of NDJSON, or of CSV (RFC 4180) with a header: told apart by the first character. In CSV, too, a row is one line; empty
 * lines are none.
 * @throws AcmeLedgerError `bad-file` for a text without rows, or a header with a column that there isn't; at once, not at the first row
 */
export async function rowsOf(lines: AsyncGenerator<Line>, label: string): Promise<AsyncGenerator<RawRow>> {
  const first = await firstFilled(lines, label);
  const columns = attempt(`${label}:${first.number}`, () => headerOf(intact(first.text)));
  return columns === null
    ? eachRow(rejoined(first, lines), readJson)
    : eachRow(lines, (text) => readCsv(text, columns));
}

async function firstFilled(lines: AsyncGenerator<Line>, label: string): Promise<Line> {
  for (;;) {
    const next = await lines.next();
    if (next.done === true)
      throw badRow(`${printable(label)} has no rows`, 'check that it is the file you meant');
    if (!isBlank(next.value)) return next.value;
  }
}

/** The columns of CSV; null when it is NDJSON. */
function headerOf(text: string): string[] | null {
  const character = text.trimStart()[0];
  if (character === '{') return null;
  if (character === '[') throw badRow('this is a JSON list', 'jq -c .[] makes one object a line of it');
  const columns = cellsOf(text);
  const [separator] = /[;\t|]/.exec(text) ?? [];
  if (columns.length === 1 && separator !== undefined) {
    const what = separator === '\t' ? 'tabs' : `"${separator}"`;
    throw badRow(
      `its columns are separated by ${what}`,
      'save it with commas between the columns (RFC 4180)',
    );
  }
  for (const column of columns) assertKnownField(column, 'column');
  const twice = columns.find((column, index) => columns.indexOf(column) !== index);
  if (twice !== undefined) throw badRow(`the column ${twice} is there twice`, 'leave one out');
  return columns;
}

function attempt<T>(place: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw badRow(`${printable(place)}: ${error.message}`, error.hint ?? '');
  }
}

async function* rejoined(first: Line, lines: AsyncGenerator<Line>): AsyncGenerator<Line> {
  yield first;
  yield* lines;
}

async function* eachRow(
  lines: AsyncGenerator<Line>,
  read: (text: string) => Record<string, unknown>,
): AsyncGenerator<RawRow> {
  for await (const line of lines) {
    if (!isBlank(line)) yield { line: line.number, read: () => read(intact(line.text)) };
  }
}

function isBlank({ text }: Line): boolean {
  return text !== null && text.trim() === '';
}

/** Bytes that aren't UTF-8 have been read as U+FFFD. */
function intact(text: string | null): string {
  if (text === null) throw badRow('the line is too long', 'a row is one line');
  if (!text.includes('\ufffd')) return text;
  throw badRow("it isn't UTF-8", 'save the file as UTF-8');
}

function readJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badRow(`it isn't JSON: ${printable(messageOf(cause))}`, 'write one object a line');
  }
  if (isRecord(value)) return value;
  throw badRow("it isn't a JSON object", 'write one object a line');
}

/** The cells that say nothing: an empty one, and what databases write for a missing value. */
const nothing: readonly string[] = ['', 'NULL', '\\N'];

function readCsv(text: string, columns: readonly string[]): Record<string, unknown> {
  const cells = cellsOf(text);
  if (cells.length !== columns.length) {
    throw badRow(
      `it has ${cells.length} fields, and the header has ${columns.length}`,
      'a field with a comma wants quotes',
    );
  }
  return Object.fromEntries(
    columns.map((column, index) => [column, nothing.includes(cells[index] ?? '') ? null : cells[index]]),
  );
}

/** A quoted field, with each quote in it doubled, or one without quotes; then a comma or the end. */
const cell = /\s*(?:"([^"]*(?:""[^"]*)*)"\s*|((?:[^",\s][^",]*)?))(?:,|$)/y;

function cellsOf(text: string): string[] {
  const cells: string[] = [];
  for (cell.lastIndex = 0; ;) {
    const begin = cell.lastIndex;
    const [all, quoted, plain = ''] = cell.exec(text) ?? [];
    if (all === undefined) {
      throw badRow(
        `field ${cells.length + 1} (at character ${begin + 1}) has a quote that doesn't belong there, or isn't closed on its line`,
        'a field with quotes in it wants quotes around it and each one inside doubled: "say ""hello"""',
      );
    }
    cells.push(quoted?.replaceAll('""', '"') ?? plain.trim());
    if (!all.endsWith(',')) return cells;
    // A comma at the very end: one more field, an empty one.
  }
}
