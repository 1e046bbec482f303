/** What a POSIX shell takes for one word without quotes; no shell gives these characters a meaning. */
const plain = /^[A-Za-z0-9_%+,./:@=-]+$/;

/**
 * A text as one word of a shell command that a person may paste (POSIX.1-2017 §2.2.2): what came from a CA, a log or a file is never more
 * than an argument. Characters that would move the cursor or end the line must have been made visible before (`printable`).
 */
export function shellWord(text: string): string {
  return plain.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Several, one blank between. */
export function shellWords(texts: readonly string[]): string {
  return texts.map(shellWord).join(' ');
}
