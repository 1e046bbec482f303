import type { LedgerWriter } from '../writer.ts';

/** The kinds of findings; docs/ledger-check.md explains each. */
export const findingCodes = [
  'damaged',
  'constraint-broken',
  'reference-broken',
  'schema-differs',
  'schema-older',
  'json-unreadable',
  'instant-unreadable',
  'time-in-future',
  'account-half-registered',
  'account-key-unusable',
  'order-intent-answered',
  'order-reserves-answered',
  'order-concluded-unfinished',
  'order-kept-and-owned',
  'order-kept-too-long',
  'order-without-authorizations',
  'order-names-differ',
  'order-of-ended-run',
  'order-twice',
  'order-files-left',
  'order-files-differ',
  'order-files-unknown',
  'reservation-too-long',
  'hold-too-long',
  'limit-used-too-long',
  'authorization-without-order',
  'authorization-of-other-account',
  'submission-without-time',
  'submission-forgotten',
  'challenge-not-presented',
  'presentation-unlinked',
  'presentation-left-up',
  'probe-left-up',
  'certificate-half-stored',
  'certificate-of-other-order',
  'renewal-window-impossible',
  'certificate-files-missing',
  'certificate-files-unreadable',
  'certificate-files-unknown',
  'certificate-files-differ',
  'certificate-key-differs',
  'certificate-files-not-as-wanted',
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** Something in the ledger that can't be so, or (`note`) that a person may want to know. */
export interface Finding {
  code: FindingCode;
  level: 'error' | 'note';
  /** Table and row; null when the finding is about the whole ledger. */
  table: string | null;
  id: number | string | null;
  /** The fault and what it means. */
  message: string;
  /** What a person does about the finding, best as a command. */
  hint: string | null;
  /**
   * Mends the row and records that, in one transaction; missing where no change is safe. @returns false when
   * the finding isn't true any more
   */
  mend?: (writer: LedgerWriter) => Promise<boolean>;
}

/** The time of the check. */
export interface Moment {
  now: Date;
}

/** No more findings of one kind are listed at once; the others come with the next check. */
export const findingsMax = 1_000;
