import { printable } from '../../printable.ts';

const gap = '  ';

/** A table without frames: it can be read by a person and cut up by awk. */
export function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((cells) => cells.map(printable));
  const widths = head.map((_, column) =>
    lines.reduce((widest, cells) => Math.max(widest, widthOf(cells[column] ?? '')), 0),
  );
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
        .join(gap)
        .trimEnd(),
    )
    .join('\n');
}

/**
 * The width in characters. East Asian characters take two places; only error texts have them, and they stand
 * last.
 */
function widthOf(text: string): number {
  return Array.from(text).length;
}
