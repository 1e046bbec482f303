import type { Allowance } from './token-bucket.ts';

/** The limits of a CA that are counted here. docs/ledger.md says of each what it counts. */
export const limitNames = [
  'new-orders',
  'certificates-per-domain',
  'certificates-per-set',
  'failed-authorizations',
  'failures-in-a-row',
] as const;
export type LimitName = (typeof limitNames)[number];

/** Requests that a load balancer lets through; `burst` of them at once. */
export interface Rate {
  perSecond: number;
  burst: number;
}

/** How fast a CA may be asked; null: as fast as it answers. */
export interface Pace {
  everything: Rate | null;
  newNonce: Rate | null;
  newOrder: Rate | null;
}

/** What one CA lets an account do. */
export interface CaLimits {
  /** Null: not limited, or not known to be. */
  allowances: Record<LimitName, Allowance | null>;
  /** Whether the deactivation of a pending authorization counts as a failed one. */
  countsDeactivations: boolean;
  pace: Pace;
  /** The share of the new orders that `renew` leaves to `issue`, in percent. */
  reserveForIssue: number;
}
