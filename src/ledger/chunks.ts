/**
 * How many items go into a statement: each number makes a statement of its own, and statements are kept as
 * long as the process lives.
 */
const chunkSizes = [250, 16, 1] as const;

/** The items in pieces of few sizes, for statements over many rows. */
export function* chunksOf<T>(items: readonly T[]): Generator<T[]> {
  let begin = 0;
  for (const size of chunkSizes) {
    for (; items.length - begin >= size; begin += size) yield items.slice(begin, begin + size);
  }
}
