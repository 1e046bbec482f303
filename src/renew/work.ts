import type { ErrorRecord } from '../errors.ts';
import type { DueCertificate } from '../issuance/due/due.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { ProbeCandidate } from '../probe/probe-names.ts';
import type { RunPlan } from './plan-run.ts';
import type { LeftAlone } from './suspended-certificates.ts';

/** One that is due, and why it has to wait for a limit of its CA; null when it goes now. */
export interface PlannedCertificate extends DueCertificate {
  deferral: ErrorRecord | null;
  /** It waits for the staging where it is rehearsed, not for its CA. */
  isOfRehearsal: boolean;
}

/** What is to be done: certificates by CA, and CAs where an earlier run left something. */
export interface Work {
  due: PlannedCertificate[];
  notDue: number;
  /** Due, too, but left to the next run by `--limit`. */
  beyondLimit: number;
  authorities: string[];
  /** What it would spend of the CAs' limits on new orders. */
  newOrders: RunPlan['newOrders'];
  /** How many orders would be rehearsed first. */
  rehearsals: RunPlan['rehearsals'];
  /** Certificates whose CA is to be asked now when to renew them (RFC 9773). */
  toAsk: CertificateRow[];
  /** Names that are left alone and may be probed now, those first that weren't for longest. */
  toProbe: ProbeCandidate[];
  /** Due, too, but they stay as they are until names of theirs are mended or resumed. */
  leftAlone: LeftAlone[];
  /** How many probes have, or may have, something up. */
  probesUp: number;
}

export interface RenewOptions {
  /** Names of certificates; all when empty. */
  names: readonly string[];
  concurrency: number;
  limit: number;
  maxTimeMs: number | null;
  splayMs: number;
  waitMs: number;
  all: boolean;
  /** Each order is done at the CA's staging first. */
  rehearse: boolean;
  dryRun: boolean;
}
