import { isStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import type { ErrorRecord } from '../errors.ts';
import { backOffOf } from '../issuance/attempt/certificate-back-off.ts';
import { dueWithNames, isLeftAlone } from '../issuance/due/due-names.ts';
import { type Due, type DueCertificate, byUrgency, dueOf, refusedLast } from '../issuance/due/due.ts';
import { failingByAuthority } from '../issuance/names/failing-names.ts';
import { type FailingNames, failingEither, suspendedOf } from '../issuance/names/name-choice.ts';
import { asSuspended } from '../issuance/names/suspended-names.ts';
import { listAccounts } from '../ledger/accounts.ts';
import {
  type RenewalFacts,
  certificatesByName,
  listRenewalFacts,
} from '../ledger/certificates/certificates.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import { probesUp } from '../ledger/names/probes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { unsettledOrders } from '../ledger/orders/unsettled-orders.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { namesToProbe } from '../probe/probe-choice.ts';
import type { ProbeCandidate } from '../probe/probe-names.ts';
import type { CommandContext } from '../run/run-context.ts';
import { stagingOf } from '../run/staging.ts';
import { wantedCertificate } from '../wanted/wanted-certificate.ts';
import { isAskDue } from './ari-schedule.ts';
import { type PlanOptions, planRun } from './plan-run.ts';
import type { RenewOptions } from './work.ts';
import type { LeftAlone } from './suspended-certificates.ts';
import type { PlannedCertificate, Work } from './work.ts';

/** The certificates that are due, before the CAs' limits are looked at. */
export interface DueCertificates {
  /** All certificates that are wanted, and not paused. */
  wanted: readonly RenewalFacts[];
  /** Certificates to work on now, the most urgent first. */
  eligible: DueCertificate[];
  /** Certificates that are due, too, but stay as they are until names of theirs are mended or resumed. */
  leftAlone: LeftAlone[];
  /** Certificates that are left alone because somebody paused them, due or not. */
  paused: readonly RenewalFacts[];
}

interface Found extends DueCertificates {
  rows: CertificateRow[];
  reasons: ReadonlyMap<string, Due | null>;
  failing: ReadonlyMap<string, FailingNames>;
  stagings: ReadonlyMap<string, string>;
  toAsk: RenewalFacts[];
}

/** The certificates that `renew` without options would work on, and that `status` counts as due. */
export async function dueCertificates(
  context: CommandContext,
  ledger: Ledger,
  now: Date,
): Promise<DueCertificates> {
  return findDue(context, ledger, { names: [], all: false, rehearse: false }, now);
}

async function findDue(
  context: CommandContext,
  ledger: Ledger,
  options: Pick<RenewOptions, 'names' | 'all' | 'rehearse'>,
  now: Date,
): Promise<Found> {
  const all = await wantedFacts(ledger, options.names);
  const paused = all.filter((facts) => pauseOf(facts, now) !== null);
  const wanted = all.filter((facts) => pauseOf(facts, now) === null);
  const stagings = options.rehearse ? stagingsOf(context, wanted) : new Map<string, string>();
  const reasons = new Map<string, Due | null>();
  const toAsk: RenewalFacts[] = [];
  for (const facts of wanted) {
    const isLost = !isStored(context.settings.stateDir, facts.name, facts.csr === null);
    const reason = dueOf(facts, now, { all: options.all, isLost });
    // A certificate that lacks names may get them back.
    if (reason !== null || facts.issued_names !== null) reasons.set(facts.name, reason);
    if (!options.all && !isLost && isAskDue(facts, now)) toAsk.push(facts);
  }
  const failing = await failingByAuthority(ledger);
  const candidates = wanted.filter(({ name }) => reasons.has(name)).sort(byUrgency(now));
  const rows = refusedLast(await rowsOf(ledger, candidates), now);
  const isAskedFor = options.names.length > 0;
  const leftAlone: LeftAlone[] = [];
  const eligible = rows.flatMap((certificate) => {
    const failingHere = failingEither(
      failing.get(certificate.ca),
      failing.get(stagings.get(certificate.ca) ?? ''),
    );
    const due = reasons.get(certificate.name) ?? null;
    const { onFailedName } = context.settings;
    const among = { failing: failingHere, onFailedName, now };
    const one = dueWithNames(certificate, due, { ...among, isAskedFor });
    if (one === null && isLeftAlone(certificate, due, among))
      leftAlone.push({
        certificate,
        names: asSuspended(suspendedOf(certificate, failingHere), failingHere),
      });
    return one === null ? [] : [one];
  });
  return { wanted, paused, eligible, leftAlone, rows, reasons, failing, stagings, toAsk };
}

/**
 * The work that is to be done now by the ledger, the most urgent first; no CA is asked.
 * @param done certificates that this run has worked on already
 */
export async function findWork(
  context: CommandContext,
  ledger: Ledger,
  options: RenewOptions,
  done: readonly PlannedCertificate[] = [],
): Promise<Work> {
  const now = systemClock.now();
  const { toAsk, wanted, paused, ...found } = await findDue(context, ledger, options, now);
  const isAskedFor = options.names.length > 0;
  const { stagings } = found;
  const over = new Set(done.map(({ certificate }) => certificate.name));
  const isLeft = ({ certificate: { name } }: { certificate: CertificateRow }): boolean => !over.has(name);
  const [eligible, leftAlone] = [found.eligible.filter(isLeft), found.leftAlone.filter(isLeft)];
  const limit = options.limit - done.filter(({ deferral }) => deferral === null).length;
  const plan = await planned(context, ledger, eligible, { ...options, limit, stagings, isAskedFor });
  const going = plan.due.filter(({ deferral }) => deferral === null);
  const authorities = new Set(going.map(({ certificate }) => certificate.ca));
  for (const account of await listAccounts(ledger)) {
    if (account.url !== null && (await unsettledOrders(ledger, account.id, now)).length > 0)
      authorities.add(account.ca);
  }
  return {
    ...plan,
    notDue: wanted.filter(({ name }) => !over.has(name)).length - eligible.length - leftAlone.length,
    beyondLimit: eligible.length - plan.due.length,
    authorities: [...authorities],
    leftAlone,
    paused,
    toAsk: await rowsOf(ledger, toAsk.sort(byUrgency(now))),
    toProbe: await probesDue(context, ledger, { ...found, isAskedFor, now }),
    probesUp: (await probesUp(ledger)).length,
  };
}

type Planned = Pick<Work, 'due' | 'newOrders' | 'rehearsals'>;

const goesNow = { error: null, isOfRehearsal: false };

/** The certificates that the run comes to, which of them have to wait, and what the run would spend. */
async function planned(
  { settings }: CommandContext,
  ledger: Ledger,
  eligible: readonly DueCertificate[],
  { limit, ...options }: Pick<RenewOptions, 'limit'> & PlanOptions & { isAskedFor: boolean },
): Promise<Planned> {
  const plan = async (some: readonly DueCertificate[]): Promise<Planned> => {
    const backOffs = new Map(some.map((one) => [one, options.isAskedFor ? null : ownBackOff(one)]));
    const tried = some.filter((one) => backOffs.get(one) === null);
    const { deferrals, ...spent } = await planRun(settings, ledger, tried, options);
    const due = some.map((one) => {
      const { error, isOfRehearsal } = deferrals.get(one.certificate.name) ?? goesNow;
      return { ...one, deferral: backOffs.get(one) ?? error, isOfRehearsal };
    });
    return { due, ...spent };
  };
  const all = await plan(eligible);
  return limit >= eligible.length ? all : plan(upToLimit(all.due, limit));
}

/** A deploy hook has nothing to do with the CA's refusal. */
function ownBackOff({ certificate, due }: DueCertificate): ErrorRecord | null {
  return due.reason === 'not-deployed' ? null : backOffOf(certificate, systemClock.now());
}

/**
 * As many certificates as go now, and those that have to wait before the last of them. Waiting certificates
 * don't count, or the same ones would keep all others from being renewed in run after run.
 */
export function upToLimit<T extends { deferral: unknown }>(due: readonly T[], limit: number): T[] {
  let going = 0;
  return due.filter(({ deferral }) => {
    if (going >= limit) return false;
    if (deferral === null) going += 1;
    return true;
  });
}

interface Candidates {
  rows: readonly CertificateRow[];
  reasons: ReadonlyMap<string, Due | null>;
  /** Failing names by CA. */
  failing: ReadonlyMap<string, FailingNames>;
  /** The staging of each CA, where a failing name keeps a certificate waiting, too. */
  stagings: ReadonlyMap<string, string>;
  isAskedFor: boolean;
  now: Date;
}

/** The names to probe, each once, the way that the most urgent certificate proves it. */
async function probesDue(
  context: CommandContext,
  ledger: Ledger,
  { rows, reasons, failing, stagings, isAskedFor, now }: Candidates,
): Promise<ProbeCandidate[]> {
  if (context.settings.probe.everyMs === null) return [];
  const thumbprints = new Map((await listAccounts(ledger)).map((row) => [row.id, row.key_thumbprint]));
  const chosen = new Map<number, ProbeCandidate>();
  for (const certificate of rows) {
    const due = reasons.get(certificate.name) ?? null;
    const names = [certificate.ca, stagings.get(certificate.ca) ?? ''].flatMap((ca) =>
      namesToProbe(certificate, due, { failing: failing.get(ca) ?? new Map(), isAskedFor, now }),
    );
    for (const name of names) {
      const keyThumbprint = thumbprints.get(name.account_id) ?? '';
      if (!chosen.has(name.id)) chosen.set(name.id, { name, settings: certificate.settings, keyThumbprint });
    }
  }
  const order = ({ name: { probe_at } }: ProbeCandidate): string => probe_at ?? '';
  return [...chosen.values()].sort((one, other) => (order(one) < order(other) ? -1 : 1));
}

async function wantedFacts(ledger: Ledger, names: readonly string[]): Promise<RenewalFacts[]> {
  if (names.length === 0) return listRenewalFacts(ledger);
  return Promise.all([...new Set(names)].map((name) => wantedCertificate(ledger, name)));
}

/** The whole rows of these certificates, in the order of `facts`. */
async function rowsOf(ledger: Ledger, facts: readonly RenewalFacts[]): Promise<CertificateRow[]> {
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
