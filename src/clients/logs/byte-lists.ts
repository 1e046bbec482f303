const markers = ['"MESSAGE":[', '"MESSAGE" : ['];
const longestMarker = 13;
/** The member's name before each such list: far faster to look for. */
const sign = '"MESSAGE"';
const number = /[ \t\r\n]{0,8}(\d{1,3})[ \t\r\n]{0,8}([,\]])/y;
const longestNumber = 20;

/**
 * journalctl writes a message with colours, or with anything that isn't UTF-8, as a list of its bytes: `"MESSAGE":[27,91,51,…]`. In what this
 * gives it is a string of JSON, like the others. A text may end anywhere.
 */
export class ByteLists {
  /** Text held back: it may be the beginning of a list, or of a number in one. */
  #held = '';
  #isInside = false;

  textOf(piece: string): string {
    const isPlain = !this.#isInside && this.#held === '' && !piece.includes(sign);
    if (isPlain && beginningAtEnd(piece, 0) === 0) return piece;
    const text = this.#held + piece;
    let from = 0;
    let out = '';
    this.#held = '';
    for (;;) {
      if (this.#isInside) {
        const list = this.#listAt(text, from);
        out += list.text;
        from = list.end;
        if (!list.isOver) return out;
      }
      const next = listBegin(text, from);
      if (next === null) {
        const kept = beginningAtEnd(text, from);
        this.#held = text.slice(text.length - kept);
        return out + text.slice(from, text.length - kept);
      }
      out += `${text.slice(from, next - 1)}"`;
      from = next;
      this.#isInside = true;
    }
  }

  /** The text that was held back, when no more comes. */
  end(): string {
    return this.#held;
  }

  #listAt(text: string, from: number): { text: string; end: number; isOver: boolean } {
    let at = from;
    const characters: string[] = [];
    for (;;) {
      number.lastIndex = at;
      const [all = '', value, sign] = number.exec(text) ?? [];
      if (value === undefined) break;
      at += all.length;
      characters.push(inJson(Number(value)));
      if (sign === ']') break;
    }
    const isOver = text[at - 1] === ']' && at > from;
    if (!isOver && text.length - at < longestNumber) {
      this.#held = text.slice(at);
      return { text: characters.join(''), end: text.length, isOver: false };
    }
    this.#isInside = false;
    return { text: `${characters.join('')}"`, end: at, isOver: true };
  }
}

/** The place behind the bracket of the next list of numbers; null where none begins. */
function listBegin(text: string, from: number): number | null {
  const places = markers.map((marker) => ({ marker, at: text.indexOf(marker, from) }));
  const [first] = places.filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
  return first === undefined ? null : first.at + first.marker.length;
}

/** The number of characters at the end that may be the beginning of a marker. */
function beginningAtEnd(text: string, from: number): number {
  const tail = text.slice(Math.max(from, text.length - longestMarker + 1));
  const at = tail.lastIndexOf('"MESSAGE') >= 0 ? tail.lastIndexOf('"MESSAGE') : tail.lastIndexOf('"');
  if (at < 0) return 0;
  const rest = tail.slice(at);
  return markers.some((marker) => marker.startsWith(rest)) ? rest.length : 0;
}

function inJson(byte: number): string {
  const character = String.fromCharCode(byte & 0xff);
  if (byte >= 0x20 && character !== '"' && character !== '\\') return character;
  return JSON.stringify(character).slice(1, -1);
}
