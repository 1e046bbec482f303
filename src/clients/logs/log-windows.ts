import { TextDecoder } from 'node:util';
import { ByteLists } from './byte-lists.ts';

/** A part of a log, long enough on both sides that what begins in it can be read to its end, and what stands before it is there. */
export interface LogWindow {
  text: string;
  /** The window's own part is from here on and before `until`; each place of a log is one window's only. */
  from: number;
  until: number;
}

export interface WindowSizes {
  /** The number of characters before `from` at least, unless the log begins sooner. */
  before: number;
  /** The number of characters from `until` on at least, unless the log ends sooner. */
  after: number;
  /** The number of characters that a window has of its own, about. */
  own: number;
}

/**
 * A log as overlapping windows, so that nothing is hidden where two pieces of it meet, and no line is too long.
 * The whole lines that there are of a log are shown before what keeps the rest from being read is thrown.
 * A byte is a character, also where it isn't UTF-8, except in a log that begins with the mark of UTF-16, as PowerShell writes it.
 */
export async function* windowsOf(
  pieces: AsyncIterable<Buffer>,
  sizes: WindowSizes,
): AsyncGenerator<LogWindow> {
  let text = '';
  let from = 0;
  const failures: unknown[] = [];
  try {
    for await (const piece of textOf(pieces, sizes.own)) {
      text += piece;
      const until = text.length - sizes.after;
      if (until - from < sizes.own) continue;
      yield { text, from, until };
      const kept = Math.max(0, until - sizes.before);
      text = text.slice(kept);
      from = until - kept;
    }
  } catch (error) {
    failures.push(error);
    // A URL that is cut off looks like another one.
    text = text.slice(0, text.lastIndexOf('\n') + 1);
  }
  yield { text, from, until: text.length };
  if (failures.length > 0) throw failures[0];
}

async function* textOf(pieces: AsyncIterable<Buffer>, most: number): AsyncGenerator<string> {
  const lists = new ByteLists();
  let decoder: TextDecoder | null | undefined;
  for await (const piece of pieces) {
    // The first piece has more than a byte order mark: compression was looked for in it.
    if (decoder === undefined) decoder = decoderFor(piece);
    for (let start = 0; start < piece.length; start += most) {
      const part = piece.subarray(start, start + most);
      yield lists.textOf(decoder?.decode(part, { stream: true }) ?? part.toString('latin1'));
    }
  }
  yield lists.end();
}

/** By the byte order mark; null for a log without one. */
function decoderFor(head: Buffer): TextDecoder | null {
  const mark = head.subarray(0, 2).toString('hex');
  if (mark === 'fffe') return new TextDecoder('utf-16le');
  return mark === 'feff' ? new TextDecoder('utf-16be') : null;
}
