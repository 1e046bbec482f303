import type { LedgerWriter } from '../writer.ts';

/** Everything that can be found; docs/ledger-check.md says of each what it means. */
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
  /** Where; null when it is about the whole ledger. */
  table: string | null;
  id: number | string | null;
  /** What it is and what it means. */
  message: string;
  /** What a person does about it, best as a command. */
  hint: string | null;
  /** Makes it right and records it, in one transaction. Missing where nothing is safe. @returns false when it isn't so any more */
  mend?: (writer: LedgerWriter) => Promise<boolean>;
}

/** What is looked at, and when it is. */
export interface Moment {
  now: Date;
}

/** Of one kind no more are told at once; what is behind them comes with the next check. */
export const findingsMax = 1_000;
