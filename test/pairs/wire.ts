import type { RequestKind, SeenRequest } from '../support/acme-request.ts';
import type { CaRule } from '../support/ruled-ca.ts';
import type { UpstreamAnswer } from '../support/upstream.ts';

/** What goes on: what both find, the two beside each other, or what comes after them. */
export type Phase = 'before' | 'pair' | 'afterwards';
export type Who = Phase | 'A' | 'B' | 'another client';

/** A request that the CA took, and its answer. */
export interface WireEntry {
  who: Who;
  kind: RequestKind;
  url: string;
  payload: unknown;
  status: number;
  location: string | null;
  body: string;
}

/** The connections of A come from here; everybody else's from 127.0.0.1. */
export const addressOfA = '127.0.0.2';

/** Everything that was sent to the CA, in the order in which it took it: the last of the proxy's rules. */
export class WireLog implements CaRule {
  readonly entries: WireEntry[] = [];
  phase: Phase = 'before';

  whoSent({ from, headers }: SeenRequest): Who {
    if (headers['user-agent'] === 'acme-ledger-lab') return 'another client';
    if (this.phase !== 'pair') return this.phase;
    return from === addressOfA ? 'A' : 'B';
  }

  after(request: SeenRequest, { status, headers, body }: UpstreamAnswer): undefined {
    const { kind, url, payload } = request;
    this.entries.push({
      who: this.whoSent(request),
      kind,
      url,
      payload,
      status,
      location: headers.location ?? null,
      body: body.toString('utf8'),
    });
  }
}
