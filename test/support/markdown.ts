/** The parts of a page of documentation that a test can compare with the program. */

export interface Table {
  /** The nearest heading above it. */
  heading: string;
  /** The first row, then the others, each cell without its blanks and backquotes. */
  head: string[];
  rows: string[][];
}

/** Every table of a page, in its order. */
export function tablesOf(markdown: string): Table[] {
  const tables: Table[] = [];
  let heading = '';
  let open: Table | null = null;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '').replaceAll('`', '');
    if (!line.startsWith('|')) {
      open = null;
      continue;
    }
    const cells = cellsOf(line);
    if (open === null) tables.push((open = { heading, head: cells, rows: [] }));
    else if (!/^[-: ]*$/.test(cells.join(''))) open.rows.push(cells);
  }
  return tables;
}

/** The table below a heading. @throws Error when there is none */
export function tableBelow(markdown: string, heading: string, firstColumn: string): string[][] {
  const found = tablesOf(markdown).find(
    (table) => table.heading === heading && table.head[0] === firstColumn,
  );
  if (found === undefined) throw new Error(`no table of ${firstColumn} below "${heading}"`);
  return found.rows;
}

/** What a link can name behind `#`: each heading as GitHub makes an anchor of it. */
export function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutBlocks(markdown).matchAll(/^#+ (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    // Of two headings alike GitHub numbers the second; a page that cites either can't tell them apart.
    if (anchors.has(anchor)) throw new Error(`two headings have the anchor ${anchor}`);
    anchors.add(anchor);
  }
  return anchors;
}

/** The content of every fenced block of a language. */
export function blocksOf(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^```(\S*)\n([\s\S]*?)^```$/gm)]
    .filter(([, given]) => given === language)
    .map(([, , content = '']) => content);
}

/** What stands in backquotes within a line, outside of fenced blocks. */
export function codeSpansOf(markdown: string): string[] {
  return [...withoutBlocks(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

function withoutBlocks(markdown: string): string {
  return markdown.replace(/^ *```[\s\S]*?^ *```$/gm, '');
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|').replaceAll('`', ''));
}
