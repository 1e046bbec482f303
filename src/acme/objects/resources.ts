import type { Problem } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';

/** An answer of the CA: the resource, and when it asks to be asked again (`Retry-After`, RFC 8555 §6.6, §7.5.1). */
export type Answer<T> = T & { retryAt: Date | null };

/** RFC 8555 §7.1.3. Fields that acme-ledger doesn't use are dropped, unknown status values are an error. */
export interface Order {
  url: string;
  status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  expiresAt: Date | null;
  identifiers: Identifier[];
  profile: string | null;
  replaces: string | null;
  authorizationUrls: string[];
  /** The finalize URL is needed at finalize only: some CAs tell it when the order is `ready`. */
  finalizeUrl: string | null;
  certificateUrl: string | null;
  error: Problem | null;
}

/** RFC 8555 §7.1.4. `identifier` never carries `*.`: `wildcard` says so. */
export interface Authorization {
  url: string;
  status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  expiresAt: Date | null;
  identifier: Identifier;
  wildcard: boolean;
  challenges: Challenge[];
}

/** RFC 8555 §8. Types that acme-ledger doesn't know are kept by name; `token` is null where the type has none. */
export interface Challenge {
  url: string;
  type: string;
  status: 'pending' | 'processing' | 'valid' | 'invalid';
  token: string | null;
  /** dns-persist-01: the names of the CA that a record may have, and the account as the CA wants it there. */
  issuerDomainNames?: string[];
  accountUri?: string;
  error: Problem | null;
}

/** The resource at a URL, by the members of the CA's answer. */
export type Resource =
  | { kind: 'authorization'; authorization: Authorization }
  | { kind: 'order'; mayHaveOpen: boolean; authorizationUrls: string[] }
  /** The URL of the challenge's authorization; null when the CA doesn't say it. */
  | { kind: 'challenge'; authorizationUrl: string | null }
  /** The list of an account's orders (§7.1.2.1). */
  | { kind: 'order-list' }
  | { kind: 'other'; what: string };

export interface Account {
  url: string;
  status: string;
  /** The account's list of orders, where the CA has one (RFC 8555 §7.1.2.1). */
  ordersUrl: string | null;
}

/** The request to `newOrder` (RFC 8555 §7.4, RFC 9773 §5, draft-ietf-acme-profiles). */
export interface NewOrder {
  identifiers: Identifier[];
  profile?: string;
  replaces?: string;
}

/** RFC 8555 §7.1.1; entries that aren't URLs or known meta fields are dropped. */
export interface Directory {
  newNonce: string;
  newAccount: string;
  newOrder: string;
  revokeCert: string | null;
  keyChange: string | null;
  renewalInfo: string | null;
  meta: {
    termsOfService: string | null;
    website: string | null;
    caaIdentities: string[];
    externalAccountRequired: boolean;
    /** Profile name → description. */
    profiles: Record<string, string>;
  };
}

/** Key identifier and MAC key (base64url) of an external account binding (RFC 8555 §7.3.4). */
export interface ExternalAccountBinding {
  kid: string;
  hmacKey: string;
}

/** A certificate chain as downloaded (RFC 8555 §7.4.2): PEM, leaf first. */
export interface Chain {
  url: string;
  pem: string;
}
