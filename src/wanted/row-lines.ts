export interface Line {
  /** From 1 on. */
  number: number;
  /** Null for one that is longer than any row. */
  text: string | null;
}

/** No row has as many characters; what has isn't a list of certificates. */
const maxLength = 1024 * 1024;

/** The lines of a text in UTF-8, whether they end with LF or CR LF, without a byte order mark. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  const decoder = new TextDecoder();
  let number = 0;
  let rest = '';
  let isTooLong = false;
  const line = (text: string): Line => {
    const isRow = !isTooLong && text.length <= maxLength;
    isTooLong = false;
    return { number: (number += 1), text: isRow ? withoutReturn(text) : null };
  };
  for await (const chunk of chunks) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = pieces.pop() ?? '';
    for (const text of pieces) yield line(text);
    isTooLong ||= rest.length > maxLength;
    if (isTooLong) rest = '';
  }
  rest += decoder.decode();
  if (isTooLong || rest !== '') yield line(rest);
}

function withoutReturn(text: string): string {
  return text.endsWith('\r') ? text.slice(0, -1) : text;
}
