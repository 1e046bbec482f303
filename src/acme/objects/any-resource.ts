import { parseAuthorization } from './authorization.ts';
import { type Fields, fieldsOf, urlOf } from './fields.ts';
import type { Resource } from './resources.ts';

/**
 * The resource at a URL, told by its members (RFC 8555 §7.1.3, §7.1.4, §8), because URLs in other clients'
 * logs say nothing for sure.
 * @param up the answer's `Link` with the relation `up`: of a challenge its authorization (§7.5.1)
 * @throws AcmeLedgerError `ca-answer` for an authorization that can't be read
 */
export function parseResource(data: unknown, url: string, up: string | null): Resource {
  const fields = fieldsOf(data);
  if (fields === null) return { kind: 'other', what: 'what the CA shows there is no JSON object' };
  const { identifier, challenges, authorizations, orders } = fields;
  if (fieldsOf(identifier) !== null && Array.isArray(challenges)) {
    return { kind: 'authorization', authorization: parseAuthorization(data, url) };
  }
  if (Array.isArray(authorizations)) return { kind: 'order', ...orderAt(fields, authorizations, url) };
  if (typeof fields['type'] === 'string' && typeof fields['url'] === 'string') {
    return { kind: 'challenge', authorizationUrl: up };
  }
  if (Array.isArray(orders)) return { kind: 'order-list' };
  return { kind: 'other', what: 'what the CA shows there is no authorization, order or challenge' };
}

/** Past `pending` an order has no authorization that is pending (§7.1.6); one that failed, or whose status isn't RFC 8555's, may have. */
function orderAt(fields: Fields, listed: readonly unknown[], url: string) {
  const isPast = ['ready', 'processing', 'valid'].includes(String(fields['status']));
  const urls = listed.flatMap((each) => urlOf(each, url) ?? []);
  return { mayHaveOpen: !isPast, authorizationUrls: [...new Set(urls)] };
}
