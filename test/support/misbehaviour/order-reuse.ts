import type { SeenRequest } from '../acme-request.ts';
import type { AuthorizationCensus } from '../authorization-census.ts';
import { type CountedOrder, wantedOf } from '../order-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';

/**
 * Hands back an order that is still open instead of making another for the same names, as Boulder does. Its state is the one that
 * answers have shown, which lags behind as Boulder's replicas do.
 */
export class OrderReuse implements CaRule {
  private readonly isExpired: (order: CountedOrder) => boolean;

  constructor(isExpired: (order: CountedOrder) => boolean = () => false) {
    this.isExpired = isExpired;
  }

  before({ kind, account, payload }: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined {
    if (kind !== 'newOrder') return undefined;
    const { names, profile } = wantedOf(payload);
    // The one that expires first is the only one that Boulder looks at, whoever's and in whatever state it is. An order that was
    // finalized is no longer among them.
    const first = census
      .ordersFor(...names)
      .find((order) => order.finalizations === 0 && !this.isExpired(order));
    if (first === undefined || first.account !== account || first.profile !== profile) return undefined;
    const status = census.orderStatus(first);
    if (status !== 'pending' && status !== 'ready') return undefined;
    return {
      status: 201,
      headers: { location: first.url, 'content-type': 'application/json' },
      body: JSON.stringify({ ...(JSON.parse(first.lastBody) as object), status }),
    };
  }
}
