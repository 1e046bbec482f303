/** The values of one section; a list where the file has one. */
export type IniSection = Map<string, string | readonly string[]>;

/**
 * The sections of a file in the form of Python's ConfigObj, as certbot writes it, by name: '' is what stands before the first. One that lies in another
 * (`[[…]]`) is named by both, with a slash.
 */
export function iniSections(text: string): Map<string, IniSection> {
  const sections = new Map<string, IniSection>();
  let names: string[] = [];
  let values: IniSection = new Map();
  sections.set('', values);
  for (const untrimmed of text.split(/\r?\n/)) {
    const line = untrimmed.trim();
    const heading = headingOf(line);
    if (heading !== null) {
      names = [...names.slice(0, heading.depth - 1), heading.name];
      values = new Map();
      sections.set(names.join('/'), values);
      continue;
    }
    const at = line.indexOf('=');
    if (at > 0 && !line.startsWith('#')) {
      values.set(unquoted(line.slice(0, at).trimEnd()), valueOf(line.slice(at + 1).trimStart()));
    }
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

function valueOf(text: string): string | readonly string[] {
  // A quoted piece, in which a comma is no separator, or a plain one.
  const pieces = text.match(/"[^"]*"|'[^']*'|[^,\s"'][^,]*/g) ?? [];
  const outside = text.replaceAll(/"[^"]*"|'[^']*'/g, '');
  if (outside.includes(',')) return pieces.map((piece) => unquoted(piece.trim()));
  return unquoted(text);
}

function unquoted(text: string): string {
  const [, , inner] = /^(["'])(.*)\1$/.exec(text) ?? [];
  return inner ?? text;
}
