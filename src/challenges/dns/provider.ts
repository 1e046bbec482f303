import type { ChallengeAnswer } from '../solver.ts';

/** A TXT record of dns-01 where it is to be written, behind the aliases of its name. */
export interface DnsRecord {
  /** Without the last dot. */
  name: string;
  value: string;
  /** The answer that the record is for. */
  answer: ChallengeAnswer;
}

/**
 * Edits zones somewhere. Another value at the name is somebody else's (another certificate's, another program's) and stays; several
 * processes may be at work on one name. Both acts end soon after `signal` is aborted, with the signal's reason.
 */
export interface DnsProvider {
  /** Adds the value beside others; one that is there already is success. @throws AcmeLedgerError `solver`, `bad-file` */
  add(record: DnsRecord, signal: AbortSignal): Promise<DnsChange | null>;
  /** Takes away this one value; finding nothing there is success. @throws AcmeLedgerError `solver`, `bad-file` */
  remove(record: DnsRecord, signal: AbortSignal): Promise<void>;
}

/** A change that the provider has taken and may not have published yet. Null in its place: the provider doesn't tell. */
export interface DnsChange {
  /** Asks the provider. @throws AcmeLedgerError `solver` */
  isPublished(signal: AbortSignal): Promise<boolean>;
}
