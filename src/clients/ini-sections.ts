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
  for (const line of text.split(/\r?\n/)) {
    const [, open = '', name] = /^\s*(\[+)\s*([^\]]*?)\s*\]+\s*$/.exec(line) ?? [];
    if (name !== undefined) {
      names = [...names.slice(0, open.length - 1), name];
      values = new Map();
      sections.set(names.join('/'), values);
      continue;
    }
    const [, key, value = ''] = /^\s*([^#=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) values.set(unquoted(key), valueOf(value));
  }
  return sections;
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
