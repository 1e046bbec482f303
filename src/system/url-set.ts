import { hash } from 'node:crypto';

const wordsOfDigest = 4;
const firstSlots = 1_024;
const fullest = 0.75;

/**
 * A set of URLs that were met. Of each URL only 128 bits of its SHA-256 are kept, outside of the heap: with
 * hundreds of thousands of strings the garbage collector lets the heap grow to several times what they take.
 * Two URLs with the same bits are not to be found by anybody (docs/decisions.md#digests-of-urls).
 */
export class UrlSet {
  #slots = new Uint32Array(firstSlots * wordsOfDigest);
  #size = 0;
  /** The digest of the URL at hand, in memory that is used again for each. */
  readonly #digest = new Uint32Array(wordsOfDigest);

  get size(): number {
    return this.#size;
  }

  has(url: string): boolean {
    return this.#isAt(this.#placeOf(this.#digestOf(url)));
  }

  /**
   * Adds a URL.
   * @returns whether it is new
   */
  add(url: string): boolean {
    const digest = this.#digestOf(url);
    const place = this.#placeOf(digest);
    if (this.#isAt(place)) return false;
    this.#slots.set(digest, place);
    this.#size += 1;
    if (this.#size * wordsOfDigest > this.#slots.length * fullest) this.#grow();
    return true;
  }

  #isAt(place: number): boolean {
    return this.#slots[place] !== 0;
  }

  /** The slot of a digest, or the next free slot behind its own. */
  #placeOf(digest: Uint32Array): number {
    const slots = this.#slots;
    const count = slots.length / wordsOfDigest;
    let place = ((digest[0] ?? 0) % count) * wordsOfDigest;
    while (slots[place] !== 0 && !isThere(slots, place, digest)) {
      place = (place + wordsOfDigest) % slots.length;
    }
    return place;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    for (let place = 0; place < before.length; place += wordsOfDigest) {
      if (before[place] === 0) continue;
      const digest = before.subarray(place, place + wordsOfDigest);
      this.#slots.set(digest, this.#placeOf(digest));
    }
  }

  /** The first word is never 0, which is a free slot's. */
  #digestOf(url: string): Uint32Array {
    const bytes = hash('sha256', url, 'binary');
    const digest = this.#digest;
    for (let index = 0; index < wordsOfDigest * 4; index += 1) {
      const word = index >> 2;
      digest[word] = ((digest[word] ?? 0) << 8) | bytes.charCodeAt(index);
    }
    digest[0] ||= 1;
    return digest;
  }
}

function isThere(slots: Uint32Array, place: number, digest: Uint32Array): boolean {
  for (let index = 0; index < wordsOfDigest; index += 1) {
    if (slots[place + index] !== digest[index]) return false;
  }
  return true;
}
