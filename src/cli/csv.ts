/** A line of CSV (RFC 4180). */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return cells.map((cell) => quoted(cell === null ? '' : String(cell))).join(',');
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
