import { isListCut } from '../acme/order-list.ts';
import { AcmeLedgerError } from '../errors.ts';
import { clearFound } from './clear-found.ts';
import type { FoundUrl } from './kept-urls.ts';
import type { Cleared } from './clear-line.ts';
import type { AccountRun } from '../issuance/account-run.ts';

export interface DiscoverEnd {
  /** False: the CA keeps no list of an account's orders. */
  isListed: boolean;
  /** How many orders the list has. */
  orders: number;
  /** Why not all orders were asked for; null when all were. */
  end: AcmeLedgerError | null;
}

/**
 * Walks the account's list of orders (RFC 8555 §7.1.2.1) and records every authorization that is open there,
 * with the source `discovered`. Nothing is closed.
 * @param tell called for each authorization that is open, and for each URL that couldn't be asked for
 */
export async function discover(
  run: AccountRun,
  options: { concurrency: number },
  tell: (seen: Cleared) => void,
): Promise<DiscoverEnd> {
  const { session, stops } = run;
  const listed = await session.listOrders(stops.work);
  if (listed === null) return { isListed: false, orders: 0, end: null };
  const counted: Listed = { orders: 0, cut: null };
  const { ends } = await clearFound(
    [run],
    ordersOf(listed, counted),
    {
      ...options,
      all: false,
      evenYoung: true,
      olderThan: null,
      dryRun: true,
      method: 'deactivate',
      source: 'discovered',
      authorizationOf: () => null,
    },
    (seen) => {
      if (seen.after === 'pending' || seen.action === 'failed') tell(seen);
    },
  );
  return { isListed: true, orders: counted.orders, end: ends[0]?.end ?? counted.cut };
}

interface Listed {
  orders: number;
  /** Why the list couldn't be read to its end. */
  cut: AcmeLedgerError | null;
}

async function* ordersOf(urls: AsyncIterable<string>, counted: Listed): AsyncGenerator<FoundUrl> {
  try {
    for await (const url of urls) {
      counted.orders += 1;
      yield { url, resource: 'order', client: null, file: '', loggedAt: null };
    }
  } catch (error) {
    if (!(error instanceof AcmeLedgerError) || !isListCut(error)) throw error;
    counted.cut = error;
  }
}
