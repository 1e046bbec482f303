import type { IncomingHttpHeaders } from 'node:http';

/** What a request asks of an ACME server; `authzPoll` is every further look at the same authorization. */
export const requestKinds = [
  'directory',
  'newNonce',
  'newAccount',
  'account',
  'orders',
  'newOrder',
  'order',
  'authz',
  'authzPoll',
  'deactivate',
  'challenge',
  'challengePoll',
  'finalize',
  'certificate',
  'revoke',
  'keyChange',
  'renewalInfo',
  'other',
] as const;

export type RequestKind = (typeof requestKinds)[number];

/** One request as the proxy saw it. */
export interface SeenRequest {
  kind: RequestKind;
  method: string;
  /** The whole URL, with the proxy's own address. */
  url: string;
  headers: IncomingHttpHeaders;
  /** The URL of the account that signed it; `undefined` before there is one, and for what isn't signed. */
  account?: string;
  /** What was signed; `undefined` for POST-as-GET and for what isn't signed. */
  payload: unknown;
  /** The how-manieth request of its kind, from 1. */
  count: number;
  atMs: number;
  /** The client's address: of several clients on this host each may have one of its own (127.0.0.0/8). */
  from: string;
  /** What the CA answered, once it has: also where the answer was lost on its way back. */
  status?: number;
}

// Pebble's own paths, which it makes differ from Boulder's so that clients can't guess them.
const kindsByPath: [RegExp, RequestKind][] = [
  [/^\/dir$/, 'directory'],
  [/^\/nonce-plz$/, 'newNonce'],
  [/^\/sign-me-up$/, 'newAccount'],
  [/^\/my-account\//, 'account'],
  [/^\/list-orderz\//, 'orders'],
  [/^\/order-plz$/, 'newOrder'],
  [/^\/my-order\//, 'order'],
  [/^\/authZ\//, 'authz'],
  [/^\/chalZ\//, 'challenge'],
  [/^\/finalize-order\//, 'finalize'],
  [/^\/certZ\//, 'certificate'],
  [/^\/revoke-cert$/, 'revoke'],
  [/^\/rollover-account-key$/, 'keyChange'],
  [/\/renewalInfo(\/|$)/, 'renewalInfo'],
];

/**
 * What a request is about.
 * @param wasSeen whether this authorization has been shown before.
 */
export function kindOf(path: string, payload: unknown, wasSeen: boolean): RequestKind {
  const kind = kindsByPath.find(([pattern]) => pattern.test(path))?.[1] ?? 'other';
  if (kind === 'authz') {
    if (payload !== undefined) return 'deactivate';
    return wasSeen ? 'authzPoll' : 'authz';
  }
  // RFC 8555 §7.5.1: an empty object answers the challenge; POST-as-GET only looks at it.
  return kind === 'challenge' && payload === undefined ? 'challengePoll' : kind;
}
