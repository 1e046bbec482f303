/**
 * Makes control characters visible, so that text from a CA, a hook or a log can't move a terminal's cursor,
 * change its colours or forge a log line. Line feeds become `\n`; C0, DEL, C1 and bidirectional controls `\xNN` / `\uNNNN`.
 */
export function printable(text: string): string {
  return text.replace(controls, escapeOf);
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
