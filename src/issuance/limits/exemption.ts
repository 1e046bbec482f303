import { identifierSetKey } from '../../identifiers.ts';
import { accountById } from '../../ledger/accounts.ts';
import { certificateOfAri } from '../../ledger/certificates/renewal-info.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { wasIssuedSince } from '../../ledger/orders/order-queries.ts';
import type { LimitName } from '../../ca-limits.ts';
import type { WantedOrder } from './charges.ts';
import { isWindowOpen } from '../due/renewal-window.ts';
import { renewalsSince } from './spending.ts';
import { limitTold } from './told-bucket.ts';
import type { Asked } from './announced-limit.ts';

/** The exemptions of an order from some of the CA's limits. */
export type Exemption = Pick<WantedOrder, 'isRenewal' | 'replacesInWindow'>;

/**
 * Whether the CA lets an order through although the limit is used up, as Boulder does, by whose names the
 * limits are known. A renewal of exactly the same names isn't counted among new orders and certificates of
 * its domains; a replacement in its window is refused for nothing but a pause. From an unknown limit no order
 * is free.
 * @param limit as the hold has it (`holds.limit_name`)
 */
export function isFreeOf(limit: string, { isRenewal, replacesInWindow }: Exemption): boolean {
  const known: LimitName | undefined = limitTold({ limit });
  switch (known) {
    case 'new-orders':
    case 'certificates-per-domain':
      return isRenewal || replacesInWindow;
    case 'certificates-per-set':
    case 'failed-authorizations':
      return replacesInWindow;
    case 'failures-in-a-row':
    case undefined:
      return false;
  }
}

/** The exemptions of an order, from the ledger alone. */
export async function exemptionOf(
  ledger: Ledger,
  accountId: number,
  { identifiers, replaces = null }: Extract<Asked, { kind: 'newOrder' }>,
  now: Date,
): Promise<Exemption> {
  const ca = (await accountById(ledger, accountId))?.ca ?? '';
  const replaced = replaces === null ? undefined : await certificateOfAri(ledger, replaces);
  return {
    isRenewal: await wasIssuedSince(ledger, ca, identifierSetKey(identifiers), renewalsSince(now)),
    replacesInWindow: replaced !== undefined && isWindowOpen(replaced, now),
  };
}
