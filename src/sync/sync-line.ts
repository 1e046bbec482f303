/** One line of `authz sync --json`: what the ledger held and what the CA says. */
export interface Compared {
  kind: 'authorization' | 'order';
  /** Its number in the ledger. */
  id: number;
  /** Null for an order that the CA has never answered. */
  url: string | null;
  /** Of an authorization; null where it was never fetched, and for orders. */
  identifier: string | null;
  /** Of an order. */
  names: readonly string[] | null;
  /** Null when the ledger didn't know of it. */
  ledger: string | null;
  /** Null when the CA couldn't be asked, or there was nothing to ask for; `gone` for an order that it has forgotten. */
  ca: string | null;
  /** How far its challenge is, as the ledger held it and as the CA shows it. */
  challenge: { ledger: string; ca: string } | null;
  differs: boolean;
  /** `lost`: newOrder was never answered. `undecided`: submitted long ago, and the CA still has no verdict. */
  outcome: 'same' | 'differs' | 'failed' | 'lost' | 'undecided';
  /** What it means, and what a person can do. */
  reason: string | null;
}
