import type { Output } from '../../run/run-context.ts';
import { csvLine } from './csv.ts';

/** A list: with --json each row a line of JSON, else a table; an empty list has no head either. */
export async function writeList<Row>(
  output: Output,
  rows: readonly Row[],
  head: readonly string[],
  cells: (row: Row) => string[],
): Promise<void> {
  if (output.json) rows.forEach((row) => output.line(row, () => ''));
  else if (rows.length > 0) await output.table(head, rows.map(cells));
}

/** A column of a list that can be a table or CSV. */
export interface Column<Row> {
  head: string;
  cell: (row: Row) => string;
  /** The name of the column in CSV; left out: it isn't there. */
  key?: string;
  /** What stands in CSV where it isn't the cell of the table. */
  value?: (row: Row) => string | number | Date | null;
  /** On a terminal that is too narrow the columns with the highest number are left out first; 0 or none: it stays. */
  spare?: number;
}

/** A list as JSON, as CSV (`--csv`) or as a table that fits the terminal. */
export async function writeColumns<Row>(
  output: Output,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { csv = false }: { csv?: boolean | undefined },
): Promise<void> {
  if (output.json) rows.forEach((row) => output.line(row, () => ''));
  else if (csv) {
    const kept = columns.filter(({ key }) => key !== undefined);
    const lines = rows.map((row) => kept.map(({ cell, value = cell }) => value(row)));
    for (const line of [kept.map(({ key = '' }) => key), ...lines]) output.line(line, csvLine);
  } else if (rows.length > 0) {
    const cells = rows.map((row) => columns.map(({ cell }) => cell(row)));
    const spare = columns.map((column) => column.spare ?? 0);
    await output.table(
      columns.map(({ head }) => head),
      cells,
      spare,
    );
  }
}
