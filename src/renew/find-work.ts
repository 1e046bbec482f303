import { systemClock } from '../clock.ts';
import { parseProof } from '../challenges/proof/proof.ts';
import type { SolverRules } from '../challenges/proof/solver-rules.ts';
import { wayOf } from '../challenges/proof/ways.ts';
import { answersNothing, type SolverSettings } from '../challenges/settings.ts';
import type { Due } from '../issuance/due/due.ts';
import { byUrgency } from '../issuance/due/due.ts';
import type { FailingNames } from '../issuance/names/name-choice.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { probesUp } from '../ledger/names/probes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { unsettledOrders } from '../ledger/orders/unsettled-orders.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { rowsOf } from '../plan/find-due.ts';
import { type PlannedCertificate, planDue } from '../plan/plan-due.ts';
import { namesToProbe } from '../probe/probe-choice.ts';
import type { ProbeCandidate } from '../probe/probe-names.ts';
import { hasCode } from '../errors.ts';
import type { CommandContext } from '../run/run-context.ts';
import { isAskDue } from './ari-schedule.ts';
import type { RenewOptions, Work } from './work.ts';

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
  const over = new Set(done.map(({ certificate }) => certificate.name));
  const limit = options.limit - done.filter(({ deferral }) => deferral === null).length;
  const plan = await planDue(context, ledger, { ...options, limit }, { now, done: over });
  const { wanted, eligible, waiting, leftAlone, paused } = plan;
  const going = plan.due.filter(({ deferral }) => deferral === null);
  const authorities = new Set(going.map(({ certificate }) => certificate.ca));
  for (const account of await listAccounts(ledger)) {
    if (account.url !== null && (await unsettledOrders(ledger, account.id, now)).length > 0)
      authorities.add(account.ca);
  }
  const toAsk = options.all
    ? []
    : wanted.filter((facts) => !plan.lost.has(facts.name) && isAskDue(facts, now));
  return {
    due: plan.due,
    newOrders: plan.newOrders,
    rehearsals: plan.rehearsals,
    notDue:
      wanted.filter(({ name }) => !over.has(name)).length -
      eligible.length -
      waiting.length -
      leftAlone.length,
    beyondLimit: eligible.length - plan.due.length,
    authorities: [...authorities],
    waiting,
    leftAlone,
    paused,
    toAsk: await rowsOf(ledger, toAsk.sort(byUrgency(now))),
    toProbe: await probesDue(context, ledger, { ...plan, isAskedFor: options.names.length > 0, now }),
    probesUp: (await probesUp(ledger)).length,
  };
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
      const settings = settingsFor(certificate, name.value, context.settings.solvers);
      if (settings !== null && !chosen.has(name.id)) chosen.set(name.id, { name, settings, keyThumbprint });
    }
  }
  const order = ({ name: { probe_at } }: ProbeCandidate): number => probe_at?.getTime() ?? 0;
  return [...chosen.values()].sort((one, other) => order(one) - order(other));
}

/** Null for a name that can't be proven today, as its certificate's attempt tells, and one that needs no answer. */
function settingsFor(certificate: CertificateRow, name: string, rules: SolverRules): SolverSettings | null {
  try {
    const { settings } = wayOf(parseProof(certificate.settings), name, rules);
    return answersNothing(settings) ? null : settings;
  } catch (error) {
    if (hasCode(error, 'configuration') || hasCode(error, 'ledger')) return null;
    throw error;
  }
}
