import type { HttpResponse } from 'acme-client/src/http.js';
import { requiredUrl, urlOf } from './fields.ts';
import { authorizationUrlsIn, parseOrder, withOrder } from './order.ts';
import type { Order } from './resources.ts';

/**
 * The order that newOrder was answered with (RFC 8555 §7.4), its URL from the `Location`.
 * @throws AcmeLedgerError `ca-answer`; `unusableOrder` has what the answer tells of the order all the same
 */
export function parseNewOrder(
  { data, headers }: Pick<HttpResponse, 'data' | 'headers'>,
  base: string,
): Order {
  const { location } = headers;
  try {
    return parseOrder(data, requiredUrl(location, 'order', 'Location', base));
  } catch (error) {
    const url = urlOf(location, base);
    throw withOrder(error, { url, authorizationUrls: authorizationUrlsIn(data, url ?? base) });
  }
}
