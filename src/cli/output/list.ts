import type { Output } from '../../run/run-context.ts';

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
