import { timeText } from '../../clock.ts';
/**
 * A line of CSV (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe before it,
 * which no name begins with.
 */
export function csvLine(cells: readonly (string | number | Date | null)[]): string {
  return cells
    .map((cell) => (cell instanceof Date ? timeText(cell) : cell))
    .map((cell) => (typeof cell === 'number' ? String(cell) : quoted(harmless(cell ?? ''))))
    .join(',');
}

function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
