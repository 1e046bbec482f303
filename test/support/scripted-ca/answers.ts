import type { CheckedJws } from './checked-jws.ts';

/** What is asked of the CA, by RFC 8555's words. */
export type Step =
  | 'directory'
  | 'newNonce'
  | 'newAccount'
  | 'account'
  | 'orders'
  | 'newOrder'
  | 'order'
  | 'authorization'
  | 'deactivate'
  | 'challenge'
  | 'finalize'
  | 'certificate'
  | 'unknown';

export interface CaAnswer {
  status: number;
  headers: Record<string, string>;
  /** An object is sent as JSON. */
  body: unknown;
}

export function stepOf(path: string, jws: CheckedJws | null): Step {
  if (path === '/directory') return 'directory';
  if (path === '/nonce') return 'newNonce';
  if (path === '/account') return 'newAccount';
  if (path === '/new-order') return 'newOrder';
  if (path.startsWith('/accounts/')) return 'account';
  if (path.startsWith('/orders/')) return 'orders';
  if (path.endsWith('/finalize')) return 'finalize';
  if (path.startsWith('/order/')) return 'order';
  if (path.startsWith('/authz/')) return jws?.payload === undefined ? 'authorization' : 'deactivate';
  if (path.startsWith('/challenge/')) return 'challenge';
  return path.startsWith('/certificate/') ? 'certificate' : 'unknown';
}

export function answered(body: unknown, status = 200): CaAnswer {
  return { status, headers: { 'Content-Type': 'application/json' }, body };
}

export function problem(status: number, type: string, detail: string): CaAnswer {
  return {
    status,
    headers: { 'Content-Type': 'application/problem+json' },
    body: { type: `urn:ietf:params:acme:error:${type}`, detail, status },
  };
}

export function gone(): CaAnswer {
  return problem(404, 'malformed', 'there is no such thing');
}
