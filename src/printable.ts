/**
 * Makes control characters visible, so that text from a CA, a hook or a log can't move a terminal's cursor,
 * change its colours or forge a log line. Line feeds become `\n`; C0, DEL, C1 and bidirectional controls `\xNN` / `\uNNNN`.
 */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- finding them is the point
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, escapeOf);
}

function escapeOf(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  if (character === '\r') return '\\r';
  const code = character.charCodeAt(0);
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, '0')}`
    : `\\u${code.toString(16).padStart(4, '0')}`;
}
