import type { SeenRequest } from '../acme-request.ts';
import type { AuthorizationCensus } from '../authorization-census.ts';
import { wantedOf } from '../order-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import { problem } from './boulder-problem.ts';

/** A certificate can be replaced by one order only (RFC 9773 §5), unless that order came to nothing. */
export class Replacements implements CaRule {
  before({ kind, payload }: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined {
    if (kind !== 'newOrder') return undefined;
    const { replaces } = wantedOf(payload);
    const taken = [...census.orders.values()].some(
      (order) =>
        replaces !== undefined &&
        order.replaces === replaces &&
        !['invalid', 'gone'].includes(census.orderStatus(order)),
    );
    if (replaces === undefined || !taken) return undefined;
    return problem(
      409,
      'alreadyReplaced',
      "Could not validate ARI 'replaces' field :: cannot indicate an order replaces certificate with serial " +
        `"${serialOf(replaces)}", which already has a replacement order`,
    );
  }
}

// RFC 9773 §4.1: the key identifier, a dot, the serial number; each in base64url.
function serialOf(replaces: string): string {
  return Buffer.from(replaces.split('.')[1] ?? '', 'base64url').toString('hex');
}
