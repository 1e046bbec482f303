import type { ErrorRecord } from '../errors.ts';
import type { RenewalFacts } from '../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { LeftAlone, WaitingForNames } from '../plan/find-due.ts';
import type { PlannedCertificate } from '../plan/plan-due.ts';
import type { RunPlan } from '../plan/plan-run.ts';
import type { ProbeCandidate } from '../probe/probe-names.ts';

/** The work of a run: certificates by CA, and CAs where an earlier run left something. */
export interface Work {
  due: PlannedCertificate[];
  notDue: number;
  /** Due certificates that `--limit` leaves to the next run. */
  beyondLimit: number;
  authorities: string[];
  /** How many new orders the run would spend of the CAs' limits. */
  newOrders: RunPlan['newOrders'];
  /** How many orders would be rehearsed first. */
  rehearsals: RunPlan['rehearsals'];
  /** Certificates whose CA is to be asked now when to renew them (RFC 9773). */
  toAsk: CertificateRow[];
  /** Names that are left alone and may be probed now, the one first that waited longest. */
  toProbe: ProbeCandidate[];
  /** Due certificates that wait until names of theirs may be tried again. */
  waiting: WaitingForNames[];
  /** Due certificates that stay as they are until names of theirs are mended or resumed. */
  leftAlone: LeftAlone[];
  /** Certificates that somebody paused, due or not. */
  paused: readonly RenewalFacts[];
  /** How many probes have, or may have, an answer up. */
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
  /** Names are looked at without the CA before they are ordered. */
  looks: boolean;
  dryRun: boolean;
  /** New names are asked for, however many. */
  yes: boolean;
  /** With `dryRun`: each certificate's next order by its day. */
  byDay: boolean;
}

/** What became of a certificate that was due. */
export interface Renewed {
  certificate: CertificateRow;
  status: 'issued' | 'renewed' | 'failed' | 'deferred';
  error: ErrorRecord | null;
  /** The attempt ended with its rehearsal: the CA wasn't asked. */
  isOfRehearsal?: boolean;
  /** The CA where the certificate was ordered instead of at its own. */
  fallbackCa?: string;
}
