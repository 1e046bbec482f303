import type { Session } from '../../acme/session.ts';
import type { Clock } from '../../clock.ts';

/**
 * A list this young is as good as a new one: ten seconds are little beside the minutes for which a newOrder
 * may be under way.
 */
const asNewForMs = 10_000;

/**
 * The list of the account's orders, asked for once for several lost orders that are looked for in turn,
 * because CAs give it in pages of a few. It is asked for anew when the last reading broke off or is some
 * seconds old.
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

/** @param onEnd gets all URLs, once the last page was read */
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
