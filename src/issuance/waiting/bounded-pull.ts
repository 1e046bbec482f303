/**
 * The most items at one time, more than any CA answers; the queue for the next item takes time by its square.
 */
const mostAtOnce = 1_000;

/**
 * Acts on each of the items, so many at a time. The next item is only taken when there is room for it: the
 * list needn't fit into memory. Begun items come to their end, also when one fails; then no more are taken.
 * @throws the first error
 */
export async function eachOf<T>(
  items: AsyncIterable<T>,
  concurrency: number,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  const errors: unknown[] = [];
  const work = async (): Promise<void> => {
    while (errors.length === 0) {
      const next = await iterator.next();
      if (next.done === true) return;
      await act(next.value);
    }
  };
  await Promise.all(
    Array.from({ length: Math.min(concurrency, mostAtOnce) }, () =>
      work().catch((error: unknown) => errors.push(error)),
    ),
  );
  if (errors.length === 0) return;
  await iterator.return?.();
  throw errors[0];
}
