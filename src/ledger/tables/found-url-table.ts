import type { Generated } from 'kysely';
import type { Instant, Names } from '../columns.ts';
import type { FoundOutcome } from '../states.ts';

/** A URL of another client's log that isn't an authorization of the ledger, and what this account was told of it. */
export interface FoundUrlTable {
  id: Generated<number>;
  account_id: number;
  url: string;
  outcome: FoundOutcome;
  /** URLs that it leads to, and that may be open: JSON list. */
  authorizations: Names;
  asked_at: Instant;
}
