/**
 * Makes control characters visible, so that text from a CA, a hook or a log can't move a terminal's cursor,
 * change its colours or forge a log line. Line feeds become `\n`; C0, DEL, C1 and bidirectional controls `\xNN` / `\uNNNN`.
 */
export function printable(text: string): string {
  return text.replace(controls, escapeOf);
}

/** Longer than any URL, path or name that is one in earnest. */
const longestWord = 500;
const wordEnds = { begin: 100, end: 40 };
/** Room for the URLs of an order with a hundred names. */
const longestText = 32 * 1024;

/**
 * A message that may have in it whatever somebody wrote into a file: of a word that nobody can want to read to its end the ends are told, and
 * so is of the whole.
 */
export function shortened(text: string): string {
  const inWords = text.replace(new RegExp(`(?<!\\S)\\S{${longestWord + 1},}`, 'g'), (word) =>
    ends(word, wordEnds),
  );
  if (inWords.length <= longestText) return inWords;
  return ends(inWords, { begin: longestText / 2, end: longestText / 4 });
}

function ends(text: string, { begin, end }: { begin: number; end: number }): string {
  return `${text.slice(0, begin)}…(${text.length - begin - end} more characters)…${text.slice(-end)}`;
}

/** A value as JSON without any of them: JSON itself only forbids C0. What reads the JSON gets them back. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(controls, (character) => `\\u${hex(character, 4)}`);
}

// Cc: C0, DEL and C1; the others are bidirectional controls, line separators and the byte order mark.
const controls = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/gu;

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  return character.charCodeAt(0) < 0x100 ? `\\x${hex(character, 2)}` : `\\u${hex(character, 4)}`;
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}

/** `1 name`, `2 names`. */
export function counted(count: number, noun: string): string {
  return `${String(count)} ${noun}${count === 1 ? '' : 's'}`;
}
