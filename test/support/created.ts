import type { RequestKind } from './acme-request.ts';
import type { AcmeProxy } from './proxy.ts';

/** How many resources the CA made for requests of this kind; attempts whose nonce it rejected don't count. */
export function created(proxy: AcmeProxy, kind: RequestKind & ('newOrder' | 'newAccount')): number {
  return proxy.requests.filter((request) => request.kind === kind && request.status === 201).length;
}
