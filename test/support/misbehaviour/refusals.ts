import type { SeenRequest } from '../acme-request.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import type { UpstreamAnswer } from '../upstream.ts';
import { problem, withJson } from './boulder-problem.ts';

/** A CA on which nobody can look up the orders of an account, such as Boulder (RFC 8555 §7.1.2.1 says there should be a list). */
export class NoOrdersList implements CaRule {
  before({ kind }: SeenRequest): MadeUpAnswer | undefined {
    return kind === 'orders' ? problem(404, 'malformed', 'Page not found') : undefined;
  }

  after({ kind }: SeenRequest, answer: UpstreamAnswer): UpstreamAnswer | undefined {
    if ((kind !== 'account' && kind !== 'newAccount') || answer.status >= 300) return undefined;
    return withJson(answer, (body) => ({ ...body, orders: undefined }));
  }
}

/** A CA that doesn't deactivate authorizations, such as step-ca. */
export class NoDeactivation implements CaRule {
  before({ kind }: SeenRequest): MadeUpAnswer | undefined {
    return kind === 'deactivate' ? problem(400, 'malformed', 'expected POST-as-GET') : undefined;
  }
}
