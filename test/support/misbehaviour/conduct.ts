import type { SeenRequest } from '../acme-request.ts';
import type { AuthorizationCensus } from '../authorization-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import type { UpstreamAnswer } from '../upstream.ts';
import { problem, problemType, withJson } from './boulder-problem.ts';

/**
 * Boulder's answers to a challenge POST that comes too late. Pebble doesn't hear of it, which it must not: a challenge POST to a
 * deactivated authorization makes it hang for good.
 */
export class ChallengeConduct implements CaRule {
  before({ kind, url }: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined {
    const challenge = kind === 'challenge' ? census.challenge(url) : undefined;
    if (challenge === undefined) return undefined;
    const { status, isSubmitted } = challenge.authorization;
    if (status === 'valid') {
      const headers = { 'content-type': 'application/json' };
      return { status: 200, headers, body: JSON.stringify(challenge.body) };
    }
    if (status !== 'pending') {
      return problem(400, 'malformed', 'Unable to update challenge :: authorization must be pending');
    }
    if (!isSubmitted) return undefined;
    return problem(
      409,
      'conflict',
      'Unable to update challenge :: failed to mark authz as processing: Authorization is already being validated. ' +
        'This may indicate your client attempted the same challenge multiple times, possibly due to a client bug.',
    );
  }
}

/** Boulder's words for a finalize of an order that isn't ready; Pebble decides whether it is. */
export class FinalizeConduct implements CaRule {
  after({ kind }: SeenRequest, answer: UpstreamAnswer): UpstreamAnswer | undefined {
    if (kind !== 'finalize' || problemType(answer) !== 'orderNotReady') return undefined;
    return withJson(answer, (body) => {
      const status = /\("(\w+)"\)/.exec(String(body.detail))?.[1] ?? 'pending';
      return { ...body, detail: `Order's status ("${status}") is not acceptable for finalization` };
    });
  }
}
