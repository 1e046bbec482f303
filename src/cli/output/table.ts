import { printable } from '../../printable.ts';

const gap = '  ';

/** No column is made narrower than this, but by a terminal that has no room for all of them. */
const narrowest = 8;

export interface TableWidth {
  /** The width of the terminal; left out: nothing is cut. */
  columns?: number | undefined;
  /** Of each column, when it is left out: the highest number first; 0 or nothing: never. */
  spare?: readonly number[] | undefined;
}

/**
 * A table without frames: it can be read by a person and cut up by awk. On a terminal it is made to fit: spare
 * columns are left out, and then the widest are cut.
 */
export function drawTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { columns = Infinity, spare = [] }: TableWidth = {},
): string {
  const lines = [head, ...rows].map((cells) => cells.map(printable));
  const natural = head.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, widthOf(cells[column] ?? '')), 0),
  );
  const kept = keptColumns(natural, columns, spare);
  const widths = fitted(
    kept.map((column) => natural[column] ?? 0),
    columns,
  );
  return lines
    .map((cells) =>
      kept
        .map((column, index) => {
          const cell = cut(cells[column] ?? '', widths[index] ?? 0);
          return cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell));
        })
        .join(gap)
        .trimEnd(),
    )
    .join('\n');
}

/**
 * The first column, the last, of the reasons, and those that may be left out are cut first: room for so much of each of them is
 * enough to keep it.
 */
const enough = 24;

function keptColumns(natural: readonly number[], columns: number, spare: readonly number[]): number[] {
  let kept = natural.map((_, column) => column);
  const needed = (): number =>
    totalOf(
      kept.map((column) => {
        const width = natural[column] ?? 0;
        const isCut = column === 0 || column === natural.length - 1 || (spare[column] ?? 0) > 0;
        return isCut ? Math.min(width, enough) : width;
      }),
    );
  const leaving = natural
    .map((_, column) => column)
    .filter((column) => (spare[column] ?? 0) > 0)
    .sort((one, other) => (spare[other] ?? 0) - (spare[one] ?? 0));
  for (const column of leaving) {
    if (needed() <= columns) break;
    kept = kept.filter((one) => one !== column);
  }
  return kept;
}

/** The widths with which the table fits: whatever is too much is taken from the widest column, again and again. */
function fitted(natural: readonly number[], columns: number): number[] {
  const widths = [...natural];
  for (let excess = totalOf(widths) - columns; excess > 0; excess -= 1) {
    const widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= narrowest) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, gap.length * Math.max(0, widths.length - 1));
}

/** The beginning of a text that is wider than its column. */
function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  return `${Array.from(text)
    .slice(0, width - 1)
    .join('')}…`;
}

/**
 * The width in characters. East Asian characters take two places; only error texts have them, and they stand
 * last.
 */
function widthOf(text: string): number {
  return Array.from(text).length;
}
