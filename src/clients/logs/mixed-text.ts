/** A character of UTF-16, little endian: of those that logs and URLs are made of the second byte is 0. */
const pair = String.raw`[^\0]\0`;
/** Fewer may be anything. */
const pairsAtLeast = 4;

// In the other byte order the 0 comes first.
const stretch = new RegExp(String.raw`(?<![^\0]\0)(?:${pair}){${pairsAtLeast}}`, 'g');
// Other characters may be among them, one or two at a time.
const pairs = new RegExp(String.raw`(?:${pair}|[^]{2}(?=(?:[^]{2})?(?:${pair}){2}))*`, 'y');
const beginning = new RegExp(String.raw`(?:${pair}){1,${pairsAtLeast - 1}}[^\0]?$`);
const longestBeginning = 2 * pairsAtLeast - 1;

/**
 * Bytes as text, a byte a character, but where they are UTF-16 (Windows PowerShell writes it with its mark, and without where another program
 * has begun the file) a character is one.
 */
export class MixedText {
  /** What may be the beginning of such a stretch, or of a character in one. */
  #held = '';
  #isInside = false;
  #last = '\n';

  /** @returns what can be said of these bytes and those held back before; they may end anywhere */
  textOf(bytes: Buffer): string {
    const isPlain = !this.#isInside && this.#held === '' && !mayHavePairs(bytes);
    const text = isPlain ? bytes.toString('latin1') : this.#mixed(this.#held + bytes.toString('latin1'));
    this.#last = text.at(-1) ?? this.#last;
    return text;
  }

  /** What was held back, where no more bytes come. */
  end(): string {
    return this.#isInside ? '' : this.#held;
  }

  #mixed(bytes: string): string {
    let text = '';
    // Its first byte was taken for plain text.
    let from = !this.#isInside && bytes.startsWith('\0') ? 1 : 0;
    let isInside = this.#isInside || from === 1;
    for (;;) {
      if (isInside) {
        const wide = matchAt(pairs, bytes, from)?.[0] ?? '';
        text += Buffer.from(wide, 'latin1').toString('utf16le');
        from += wide.length;
        if (from >= bytes.length - 1) return this.#end(text, bytes.slice(from), true);
      } else {
        const next = matchAt(stretch, bytes, from)?.index;
        if (next === undefined) {
          const held =
            beginning.exec(bytes.slice(Math.max(from, bytes.length - longestBeginning)))?.[0] ?? '';
          return this.#end(text + bytes.slice(from, bytes.length - held.length), held, false);
        }
        text += bytes.slice(from, next);
        from = next;
      }
      isInside = !isInside;
      // What is written in one way doesn't go on in the other: of two URLs there would be one.
      if ((text.at(-1) ?? this.#last) !== '\n') text += ' ';
    }
  }

  #end(text: string, held: string, isInside: boolean): string {
    this.#held = held;
    this.#isInside = isInside;
    return text;
  }
}

function matchAt(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

/** Far faster than to look for them: binary data, too, has a 0 now and then. */
function mayHavePairs(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(0); at >= 0; at = bytes.indexOf(0, at + 1)) {
    if (at + longestBeginning >= bytes.length) return true;
    if (bytes[at + 2] === 0 && bytes[at + 4] === 0) return true;
  }
  return false;
}
