import type { Session } from '../../acme/session.ts';
import type { Clock } from '../../clock.ts';

/** Little beside the minutes for which a newOrder may still be under way: as good as a new list. */
const asNewForMs = 10_000;

/**
 * The list of the account's orders for several that are looked for one after the other: it has all of them, and CAs give it in pages of a few, so it is
 * asked for once. The next look asks anew where the last one broke off, or is some seconds ago.
 */
export function listedOnce(
  session: Pick<Session, 'listOrders'>,
  clock: Pick<Clock, 'now'>,
): Session['listOrders'] {
  let known: { askedAt: Date; urls: readonly string[] } | null = null;
  return async (signal) => {
    const askedAt = clock.now();
    if (known !== null && askedAt.getTime() - known.askedAt.getTime() < asNewForMs) return each(known.urls);
    known = null;
    const pages = await session.listOrders(signal);
    if (pages === null) return null;
    return noting(pages, (urls) => {
      known = { askedAt, urls };
    });
  };
}

async function* each(urls: readonly string[]): AsyncGenerator<string> {
  await Promise.resolve();
  yield* urls;
}

/** @param onEnd gets all of them, once all were asked for */
async function* noting(
  pages: AsyncIterable<string>,
  onEnd: (urls: readonly string[]) => void,
): AsyncGenerator<string> {
  const urls: string[] = [];
  for await (const url of pages) {
    urls.push(url);
    yield url;
  }
  onEnd(urls);
}
