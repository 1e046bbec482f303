import { describe, expect, it } from 'vitest';
import { answerError } from '../../../src/acme/objects/problems.ts';
import { parseNames } from '../../../src/identifiers.ts';
import type { Asked } from '../../../src/issuance/limits/announced-limit.ts';
import { announcedLimit } from '../../../src/issuance/limits/announced-limit.ts';

const now = new Date('2026-05-01T12:00:00.000Z');
const docs = 'see https://letsencrypt.org/docs/rate-limits/';
const order: Asked = { kind: 'newOrder', identifiers: parseNames(['www.a.test', '*.a.test', 'b.test']) };

function told(asked: Asked, status: number, detail: string | null, retryAfter?: string) {
  const headers = retryAfter === undefined ? {} : { 'retry-after': retryAfter };
  const data =
    detail === null
      ? '<html>busy</html>'
      : { type: 'urn:ietf:params:acme:error:rateLimited', detail, status };
  const limit = announcedLimit(answerError({ status, headers, data }, 'to do it', now), asked, now);
  return limit === null
    ? null
    : {
        held: `${limit.scope} ${limit.subject}`.trim(),
        limit: limit.limit,
        seconds: (limit.notBefore.getTime() - now.getTime()) / 1000,
      };
}

describe('what a refusal for now is about', () => {
  it.each([
    {
      detail: `too many new orders (300) from this account in the last 3h0m0s, retry after T: ${docs}#new-orders-per-account`,
      held: 'orders',
      limit: 'new-orders-per-account',
    },
    {
      detail: `too many failed authorizations (5) for "*.a.test" in the last 1h0m0s, retry after T: ${docs}#authorization-failures-per-identifier-per-account`,
      held: 'name *.a.test',
      limit: 'authorization-failures-per-identifier-per-account',
    },
    {
      detail: `too many failed authorizations (5) for "other.test" in the last 1h0m0s, retry after T: ${docs}#authorization-failures-per-identifier-per-account`,
      held: 'names *.a.test b.test www.a.test',
      limit: 'authorization-failures-per-identifier-per-account',
    },
    {
      detail: `too many certificates (50) already issued for "a.test" in the last 168h0m0s, retry after T: ${docs}#new-certificates-per-registered-domain`,
      held: 'domain a.test',
      limit: 'new-certificates-per-registered-domain',
    },
    {
      detail: `too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry after T: ${docs}#new-certificates-per-exact-set-of-identifiers`,
      held: 'names *.a.test b.test www.a.test',
      limit: 'new-certificates-per-exact-set-of-identifiers',
    },
    {
      detail: `Error creating new order :: too many currently pending authorizations: ${docs}`,
      held: 'orders',
      limit: 'pending-authorizations',
    },
    { detail: 'slow down', held: 'orders', limit: 'new-orders' },
  ])('$limit holds "$held"', ({ detail, held, limit }) => {
    expect(told(order, 429, detail, '725')).toEqual({ held, limit, seconds: 725 });
  });

  it('is the registration when newAccount was refused, and everything when it was another request', () => {
    expect(told({ kind: 'newAccount' }, 429, 'too many new registrations', '5')?.held).toBe('registration');
    expect(told({ kind: 'act' }, 429, 'too many requests', '5')?.held).toBe('requests');
  });

  it('is everything when a load balancer said it, whatever was asked', () => {
    expect(told(order, 503, null, '7')).toEqual({ held: 'requests', limit: 'http-503', seconds: 7 });
    expect(told({ kind: 'read' }, 503, null, 'Fri, 01 May 2026 12:00:09 GMT')?.seconds).toBe(9);
  });

  it('is these names for an hour when Let’s Encrypt paused them, which comes without a time', () => {
    const detail =
      'Your account is temporarily prevented from requesting certificates for b.test and possibly others. Please visit: https://ca.test/sfe/v1/unpause?jwt=abc';
    expect(told(order, 429, detail)).toEqual({
      held: 'names *.a.test b.test www.a.test',
      limit: 'paused',
      seconds: 3600,
    });
  });

  it('is a pause by its page, whatever the type of the problem', () => {
    const detail = 'Please visit: https://ca.test/sfe/v1/unpause?jwt=abc';
    const data = { type: 'urn:ietf:params:acme:error:userActionRequired', detail, status: 403 };
    const error = answerError({ status: 403, headers: {}, data }, 'to do it', now);
    expect(announcedLimit(error, order, now)).toMatchObject({ scope: 'names', limit: 'paused' });
  });

  it('counts a 429 without a time as ten minutes for new orders, one for the rest, and a 503 without as a fault', () => {
    expect(told(order, 429, 'slow down')?.seconds).toBe(600);
    expect(told({ kind: 'read' }, 429, null)?.seconds).toBe(60);
    expect(told({ kind: 'read' }, 503, null)).toBeNull();
    expect(told({ kind: 'read' }, 500, null, '60')).toBeNull();
  });

  it('is at least a second, and no longer than a day', () => {
    expect(told(order, 429, 'slow down', '0')?.seconds).toBe(1);
    expect(told(order, 429, 'slow down', '99999999')?.seconds).toBe(86_400);
    expect(told(order, 503, null, '99999999')?.seconds).toBe(86_400);
  });
});
