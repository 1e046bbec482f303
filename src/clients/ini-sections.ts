/** The values of a section; a list where the file has one, null for a value that can't be read as a whole. */
export type IniSection = Map<string, string | readonly string[] | null>;

/**
 * The sections of a file in the form of Python's ConfigObj, as certbot writes it, by name: '' is what stands
 * before the first. One that lies in another (`[[…]]`) is named by both, with a slash
 * (docs/decisions.md#renewal-files-of-certbot).
 */
export function iniSections(text: string): Map<string, IniSection> {
  const sections = new Map<string, IniSection>();
  let names: string[] = [];
  let values: IniSection = new Map();
  sections.set('', values);
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim();
    const heading = headingOf(line);
    if (heading !== null) {
      names = [...names.slice(0, heading.depth - 1), heading.name];
      values = new Map();
      sections.set(names.join('/'), values);
      continue;
    }
    const sign = line.indexOf('=');
    if (sign <= 0 || line.startsWith('#')) continue;
    const written = line.slice(sign + 1).trimStart();
    const long = tripleQuoted(written, lines, at);
    values.set(unquoted(line.slice(0, sign).trimEnd()), long === null ? valueOf(written) : long.value);
    at = long?.lastLine ?? at;
  }
  return sections;
}

/** No regular expressions: lines may be of any length, with anything in them. */
function headingOf(line: string): { depth: number; name: string } | null {
  if (!line.startsWith('[') || !line.endsWith(']')) return null;
  let depth = 1;
  while (line[depth] === '[') depth += 1;
  const end = line.indexOf(']');
  // Nothing but brackets may stand behind the name.
  for (let at = end; at < line.length; at += 1) if (line[at] !== ']') return null;
  return { depth, name: line.slice(depth, end).trim() };
}

/** A value in three quotes, which may go on over many lines; null for any other. */
function tripleQuoted(
  written: string,
  lines: readonly string[],
  at: number,
): { value: string | null; lastLine: number } | null {
  const quotes = [`"""`, `'''`].find((each) => written.startsWith(each));
  if (quotes === undefined) return null;
  const parts = [];
  let rest = written.slice(quotes.length);
  for (let line = at; ; line += 1, rest = lines[line] ?? '') {
    const end = rest.indexOf(quotes);
    if (end >= 0) {
      const isWhole = isEndOrComment(rest.slice(end + quotes.length));
      return { value: isWhole ? [...parts, rest.slice(0, end)].join('\n') : null, lastLine: line };
    }
    if (line >= lines.length) return { value: null, lastLine: at };
    parts.push(rest);
  }
}

function isEndOrComment(rest: string): boolean {
  const text = rest.trimStart();
  return text === '' || text.startsWith('#');
}

/** A comma makes a list, and what begins with # is a comment, but not in quotes that a piece begins with. */
function valueOf(text: string): string | readonly string[] | null {
  const pieces: string[] = [];
  let isList = false;
  for (let at = 0; ;) {
    const next = pieceAt(text, at);
    if (next === null) return null;
    const isEmpty = next.end === at + next.value.length && next.value === '';
    // A comma at the end makes a list of what is before it.
    if (!isEmpty || !isList) pieces.push(next.value);
    else if (text[next.end] === ',') return null;
    if (text[next.end] !== ',') return isList ? pieces : (pieces[0] ?? '');
    isList = true;
    at = blanksFrom(text, next.end + 1);
  }
}

/** A piece of a value, and the place of the comma or the comment behind it. */
function pieceAt(text: string, at: number): { value: string; end: number } | null {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") {
    let end = at;
    while (end < text.length && text[end] !== ',' && text[end] !== '#') end += 1;
    return { value: text.slice(at, end).trimEnd(), end };
  }
  const close = text.indexOf(quote, at + 1);
  const end = blanksFrom(text, close + 1);
  const isWhole = close > 0 && (end === text.length || text[end] === ',' || text[end] === '#');
  return isWhole ? { value: text.slice(at + 1, close), end } : null;
}

function blanksFrom(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at += 1;
  return at;
}

function unquoted(text: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(text) ?? [];
  return inner ?? text;
}
