import type { Generated } from 'kysely';
import type { Instant, Names } from '../columns.ts';
import type { FoundOutcome } from '../states.ts';

/**
 * A URL of another client's log that isn't an authorization of the ledger, and the CA's answer to this
 * account about it.
 */
export interface FoundUrlTable {
  id: Generated<number>;
  account_id: number;
  url: string;
  outcome: FoundOutcome;
  /** URLs of authorizations that the URL leads to and that may be open: JSON list. */
  authorizations: Names;
  asked_at: Instant;
}
