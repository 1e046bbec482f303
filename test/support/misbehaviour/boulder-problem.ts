import type { MadeUpAnswer } from '../ruled-ca.ts';
import type { UpstreamAnswer } from '../upstream.ts';

const limitsPage = 'https://letsencrypt.org/docs/rate-limits';

/** A problem document as Boulder writes it: no title, no instance (RFC 7807, RFC 8555 §6.7). */
export function problem(
  status: number,
  type: string,
  detail: string,
  headers: Record<string, string> = {},
): MadeUpAnswer {
  return { status, headers, body: { type: `urn:ietf:params:acme:error:${type}`, detail, status } };
}

/**
 * Boulder's answer to who has asked too much.
 * @param anchor the part of its page on limits that the text points to; without one the text ends as given.
 */
export function rateLimited(detail: string, anchor?: string, retryAfterSeconds?: number): MadeUpAnswer {
  return problem(
    429,
    'rateLimited',
    anchor === undefined ? detail : `${detail}: see ${limitsPage}/${anchor}`,
    {
      link: `<${limitsPage}>;rel="help"`,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
  );
}

/** The same answer with another JSON body; one that isn't JSON stays as it is. */
export function withJson(
  answer: UpstreamAnswer,
  change: (body: Record<string, unknown>) => Record<string, unknown>,
): UpstreamAnswer {
  try {
    const body = JSON.parse(answer.body.toString('utf8')) as Record<string, unknown>;
    return { ...answer, body: Buffer.from(JSON.stringify(change(body))) };
  } catch {
    return answer;
  }
}

/** The end of a problem type in an answer: `badNonce`; `undefined` where there is none. */
export function problemType({ body }: UpstreamAnswer): string | undefined {
  return /"urn:ietf:params:acme:error:(\w+)"/.exec(body.toString('utf8'))?.[1];
}
