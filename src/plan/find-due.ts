import { isStored } from '../certificates/store.ts';
import type { ErrorRecord } from '../errors.ts';
import { dueWithNames, isLeftAlone, waitForNames } from '../issuance/due/due-names.ts';
import { type Due, type DueCertificate, byUrgency, dueOf, refusedLast } from '../issuance/due/due.ts';
import { failingByAuthority } from '../issuance/names/failing-names.ts';
import { type FailingNames, failingEither, suspendedOf } from '../issuance/names/name-choice.ts';
import { type SuspendedName, asSuspended } from '../issuance/names/suspended-names.ts';
import {
  type RenewalFacts,
  certificatesByName,
  listRenewalFacts,
} from '../ledger/certificates/certificates.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { stagingOf } from '../run/staging.ts';
import { foundCertificate } from '../wanted/found-certificate.ts';

export interface DueOptions {
  /** Names of certificates that a person named; all when empty. */
  names: readonly string[];
  /** Certificates that aren't due, too. */
  all: boolean;
  /** Each order is done at the CA's staging first, where names may fail, too. */
  rehearse: boolean;
}

/** A due certificate that isn't worked on for names of it that failed for too long, or that the CA paused. */
export interface LeftAlone {
  certificate: CertificateRow;
  due: Due;
  names: readonly SuspendedName[];
}

/** A due certificate whose names failed lately and aren't to be tried again yet. */
export interface WaitingForNames {
  certificate: CertificateRow;
  due: Due;
  /** Why the certificate waits, and in `retryAt` until when. */
  error: ErrorRecord;
}

/** The certificates that are due, before the CAs' limits are looked at. */
export interface FoundDue {
  /** All certificates that are wanted and not paused, or those of them that a person named. */
  wanted: readonly RenewalFacts[];
  /** Certificates to work on now, the most urgent first. */
  eligible: DueCertificate[];
  waiting: WaitingForNames[];
  leftAlone: LeftAlone[];
  /** Certificates that are left alone because somebody paused them, due or not. */
  paused: readonly RenewalFacts[];
  /** The rows of certificates that are due, or that lack names. */
  rows: CertificateRow[];
  reasons: ReadonlyMap<string, Due | null>;
  /** Certificates whose files are gone. */
  lost: ReadonlySet<string>;
  /** Failing names by CA. */
  failing: ReadonlyMap<string, FailingNames>;
  /** The staging of each CA. */
  stagings: ReadonlyMap<string, string>;
}

/** Sorts the wanted certificates into those that are due now and those that wait; no CA is asked. */
export async function findDue(
  context: CommandContext,
  ledger: Ledger,
  options: DueOptions,
  now: Date,
): Promise<FoundDue> {
  const named = await wantedFacts(ledger, options.names);
  const paused = named.filter((facts) => pauseOf(facts, now) !== null);
  const wanted = named.filter((facts) => pauseOf(facts, now) === null);
  const stagings = options.rehearse ? stagingsOf(context, wanted) : new Map<string, string>();
  const reasons = new Map<string, Due | null>();
  const lost = new Set<string>();
  for (const facts of wanted) {
    const isLost = !isStored(context.settings.stateDir, facts.name, facts.csr === null);
    if (isLost) lost.add(facts.name);
    const reason = dueOf(facts, now, { all: options.all, isLost });
    // A certificate that lacks names may get them back.
    if (reason !== null || facts.issued_names !== null) reasons.set(facts.name, reason);
  }
  const failing = await failingByAuthority(ledger);
  const candidates = wanted.filter(({ name }) => reasons.has(name)).sort(byUrgency(now));
  const rows = refusedLast(await rowsOf(ledger, candidates), now);
  const found: FoundDue = {
    wanted,
    eligible: [],
    waiting: [],
    leftAlone: [],
    paused,
    rows,
    reasons,
    lost,
    failing,
    stagings,
  };
  for (const certificate of rows)
    sortIn(found, certificate, { context, isAskedFor: options.names.length > 0, now });
  return found;
}

function sortIn(
  found: FoundDue,
  certificate: CertificateRow,
  { context, isAskedFor, now }: { context: CommandContext; isAskedFor: boolean; now: Date },
): void {
  const staging = found.stagings.get(certificate.ca) ?? '';
  const failing = failingEither(found.failing.get(certificate.ca), found.failing.get(staging));
  const due = found.reasons.get(certificate.name) ?? null;
  const among = { failing, onFailedName: context.settings.onFailedName, now };
  const one = dueWithNames(certificate, due, { ...among, isAskedFor });
  if (one !== null) found.eligible.push(one);
  else if (due !== null && isLeftAlone(certificate, due, among))
    found.leftAlone.push({
      certificate,
      due,
      names: asSuspended(suspendedOf(certificate, failing), failing),
    });
  else if (due !== null)
    found.waiting.push({ certificate, due, error: waitForNames(certificate, due, among) });
}

async function wantedFacts(ledger: Ledger, names: readonly string[]): Promise<RenewalFacts[]> {
  if (names.length === 0) return listRenewalFacts(ledger);
  const rows = await Promise.all(names.map((name) => foundCertificate(ledger, name)));
  return [...new Map(rows.map((row) => [row.name, row])).values()];
}

/** The whole rows of these certificates, in the order of `facts`. */
export async function rowsOf(ledger: Ledger, facts: readonly RenewalFacts[]): Promise<CertificateRow[]> {
  const names = facts.map(({ name }) => name);
  const rows = await certificatesByName(ledger, names);
  return names.flatMap((name) => rows.get(name) ?? []);
}

/**
 * The staging where each CA's orders are rehearsed. @throws AcmeLedgerError `usage` when a CA has no staging
 */
function stagingsOf(context: CommandContext, wanted: readonly RenewalFacts[]): Map<string, string> {
  const authorities = [...new Set(wanted.map(({ ca }) => ca))];
  return new Map(authorities.map((ca) => [ca, stagingOf(context, ca)?.directoryUrl ?? '']));
}
