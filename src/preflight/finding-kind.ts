/**
 * How bad a finding is: `fatal` and `error` mean that the order would fail, `fatal` certainly so; `warning` that it may; `info`
 * that somebody may want to know.
 */
export type Severity = 'fatal' | 'error' | 'warning' | 'info';

/** Who can mend it: the owner of the domain, whoever runs acme-ledger, the CA. */
export type Mender = 'customer' | 'operator' | 'ca';

/** What is known of all findings with one code. `docs/check.md` has this table. */
export interface FindingKind {
  severity: Severity;
  whose: Mender;
  /** What it means, in a sentence. */
  means: string;
  /** What to change, in a sentence. */
  mend: string;
}
