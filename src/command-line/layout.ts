/** Wider, a description would have no room beside the option. */
const widestTerm = 30;
/** Narrower columns can't be read. */
const leastColumn = 28;

/** Words in lines of at most that width, the lines behind the first one indented. */
export function wrapped(text: string, width: number, indent = 0): string[] {
  return packed(text.split(' '), width, { indent, behind: '' });
}

/** A term and what it is, below each other where they don't fit beside each other. */
export function item(
  term: string,
  text: string,
  { width, termWidth }: { width: number; termWidth: number },
): string[] {
  const column = Math.min(termWidth, widestTerm) + 4;
  const [hang, isBeside] = width - column >= leastColumn ? [column, term.length + 4 <= column] : [6, false];
  const lines = wrapped(text, width - hang).map((line) => ' '.repeat(hang) + line);
  if (!isBeside) return [...wrapped(`  ${term}`, width, 4), ...lines];
  const [first = '', ...others] = lines;
  return [`  ${term}`.padEnd(hang) + first.trimStart(), ...others];
}

/** A line that can be pasted, also where it doesn't fit: with a backslash at the end of all but its last part. */
export function pastable(line: string, width: number): string[] {
  if (!line.startsWith('acme-ledger ')) return [`  ${line}`.trimEnd()];
  const words = line.match(/(?:'[^']*'|[^\s'])+/g) ?? [];
  // What belongs to an option stays with it.
  const chunks = words.reduce<string[]>((before, word) => {
    const last = before.at(-1) ?? '';
    if (!/^--\S+$/.test(last) || word.startsWith('-')) return [...before, word];
    return [...before.slice(0, -1), `${last} ${word}`];
  }, []);
  return packed(chunks, width - 2, { indent: 4, behind: ' \\' }).map((each) => `  ${each}`);
}

/** As many words a line as fit; `behind` ends all lines but the last. */
function packed(
  words: readonly string[],
  width: number,
  { indent, behind }: { indent: number; behind: string },
): string[] {
  const lines: string[] = [];
  let line = words[0] ?? '';
  for (const [index, word] of words.slice(1).entries()) {
    const isLast = index === words.length - 2;
    const room = width - (isLast ? 0 : behind.length);
    if (line.length + 1 + word.length <= room) line += ` ${word}`;
    else {
      lines.push(line + behind);
      line = ' '.repeat(indent) + word;
    }
  }
  return [...lines, line];
}
