import type { SeenRequest } from '../acme-request.ts';
import type { AuthorizationCensus } from '../authorization-census.ts';
import type { CountedOrder } from '../order-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import type { UpstreamAnswer } from '../upstream.ts';
import { problem, withJson } from './boulder-problem.ts';

/** Lets authorizations expire on demand, which takes an hour at the least otherwise. */
export class Expiry implements CaRule {
  private readonly urls = new Set<string>();

  /** Takes URLs of authorizations. */
  expire(...urls: string[]): void {
    for (const url of urls) this.urls.add(url);
  }

  /** At Boulder, an order lives no longer than the first of its authorizations. */
  isExpired(order: CountedOrder): boolean {
    return order.authorizations.some((url) => this.urls.has(url));
  }

  before({ kind, url }: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined {
    const subject = kind === 'challenge' ? census.challenge(url)?.authorization.url : url;
    if (!this.urls.has(subject ?? url)) return undefined;
    const detail = kind === 'challenge' ? 'expired authorization' : 'Expired authorization';
    return problem(404, 'malformed', detail);
  }

  after(
    { kind, url }: SeenRequest,
    answer: UpstreamAnswer,
    census: AuthorizationCensus,
  ): UpstreamAnswer | undefined {
    const order = kind === 'order' ? census.orders.get(url) : undefined;
    if (order === undefined || !this.isExpired(order)) return undefined;
    return withJson(answer, (body) => ({ ...body, status: 'invalid' }));
  }
}
