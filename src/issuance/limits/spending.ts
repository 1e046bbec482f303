import type { Identifier } from '../../identifiers.ts';
import { identifierSetKey } from '../../identifiers.ts';
import { bucketWord, giveTokenBack, storedBuckets, takeToken } from '../../ledger/limits/limit-buckets.ts';
import { reserveToken } from '../../ledger/limits/limit-reservations.ts';
import { wasIssuedSince } from '../../ledger/orders/order-queries.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';
import type { CaLimits } from '../../ca-limits.ts';
import type { Bucket } from '../../token-bucket.ts';
import type { Charge, Shortage, WantedOrder } from './charges.ts';
import { chargesOf, shortageOf } from './charges.ts';
import type { AccountRun } from '../account-run.ts';
import { shortageError } from './limit-words.ts';
import { registeredDomains } from './registered-domain.ts';

/**
 * How long ago a renewed certificate may be: Boulder looks back 120 days from the newOrder, and again from
 * the finalize, which may come a week later.
 */
const renewalMs = 113 * 86_400_000;

/** The time since when a certificate issued for the same names makes a new one a renewal. */
export function renewalsSince(now: Date): Date {
  return new Date(now.getTime() - renewalMs);
}

/** The registered domains of these names where the CA counts by them; otherwise none. */
export async function domainsToCount(
  limits: CaLimits | undefined,
  identifiers: readonly Identifier[],
): Promise<string[]> {
  const isLimited = (limits?.allowances['certificates-per-domain'] ?? null) !== null;
  return isLimited ? registeredDomains(identifiers) : [];
}

/** The cost of an order now, and the limit that stands against it. Nothing is written. */
export async function costOf(
  writer: Pick<LedgerWriter, 'ledger' | 'clock' | 'limits'>,
  account: { id: number; ca: string },
  order: Omit<WantedOrder, 'isRenewal'>,
): Promise<{ charges: Charge[]; buckets: Map<string, Bucket>; shortage: Shortage | null }> {
  const { limits } = writer;
  if (limits === undefined || Object.values(limits.allowances).every((allowance) => allowance === null)) {
    return { charges: [], buckets: new Map(), shortage: null };
  }
  const now = writer.clock.now();
  const namesKey = identifierSetKey(order.identifiers);
  const isRenewal = await wasIssuedSince(writer.ledger, account.ca, namesKey, renewalsSince(now));
  const charges = chargesOf(limits, account, { ...order, isRenewal });
  const scopes = [...new Set(charges.map(({ key }) => key.scope))];
  const subjects = [...new Set(charges.map(({ key }) => key.subject))];
  const stored = await storedBuckets(writer.ledger, now, scopes, subjects);
  const buckets = new Map([...stored].map(([word, { bucket }]) => [word, bucket]));
  return { charges, buckets, shortage: shortageOf(charges, buckets, now.getTime()) };
}

/** Takes the tokens of the order's charges. Called inside the transaction that writes its intent. */
export async function spend(
  writer: LedgerWriter,
  orderId: number,
  charges: readonly Charge[],
): Promise<void> {
  for (const { key, allowance, takenBy } of charges) {
    if (takenBy === 'order') await takeToken(writer, key, allowance);
    if (takenBy === 'certificate') await reserveToken(writer, orderId, key, allowance);
  }
}

/**
 * Gives the tokens of an order back that the CA didn't make, and so doesn't count. The token promised for its
 * certificate is free with the order's end.
 */
export async function giveBack(writer: LedgerWriter, charges: readonly Charge[]): Promise<void> {
  for (const { key, allowance, takenBy } of charges) {
    if (takenBy === 'order') await giveTokenBack(writer, key, allowance);
  }
}

/**
 * Spends the cost of a newOrder that is sent once more for the same intent: a CA counts each, also when it
 * answers with the order that it has.
 * @throws AcmeLedgerError `ca-limit` when there is no token left: nothing was sent
 */
export async function spendAgain(run: AccountRun, identifiers: readonly Identifier[]): Promise<void> {
  const domains = await domainsToCount(run.limits, identifiers);
  const order = { identifiers, domains, replacesInWindow: false, leavesReserve: false };
  await inTransaction(run, async (writer) => {
    const { charges, buckets } = await costOf(writer, run.account, order);
    const now = writer.clock.now();
    const shortage = shortageOf(charges, withoutOwnPromise(charges, buckets), now.getTime());
    if (shortage !== null) throw shortageError(shortage, now);
    for (const { key, allowance, takenBy } of charges) {
      if (takenBy === 'order') await takeToken(writer, key, allowance);
    }
  });
}

/** The buckets without the tokens promised to the intent itself, which don't stand against it. */
function withoutOwnPromise(
  charges: readonly Charge[],
  buckets: ReadonlyMap<string, Bucket>,
): Map<string, Bucket> {
  const own = new Set(
    charges.flatMap(({ key, takenBy }) => (takenBy === 'certificate' ? [bucketWord(key)] : [])),
  );
  return new Map(
    [...buckets].map(([word, bucket]) => [
      word,
      own.has(word) ? { ...bucket, held: Math.max(0, bucket.held - 1) } : bucket,
    ]),
  );
}
