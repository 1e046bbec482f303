import { systemClock } from '../clock.ts';
import type { ErrorRecord } from '../errors.ts';
import { backOffOf } from '../issuance/attempt/certificate-back-off.ts';
import type { DueCertificate } from '../issuance/due/due.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type DueOptions, type FoundDue, findDue } from './find-due.ts';
import { type PlanOptions, type RunPlan, planRun } from './plan-run.ts';

/** A certificate that is due, and why it has to wait; null when it goes now. */
export interface PlannedCertificate extends DueCertificate {
  deferral: ErrorRecord | null;
  /** The certificate waits for the staging where it is rehearsed, not for its CA. */
  isOfRehearsal: boolean;
}

export interface PlanDueOptions extends DueOptions {
  /** How many certificates may go at most. */
  limit: number;
  /** How long a certificate may wait in the run. */
  waitMs: number;
}

/** All certificates that are wanted, and what `renew` would do with each of them now. */
export interface DuePlan extends FoundDue {
  /** The certificates that a run comes to: those that go now, and those that have to wait. */
  due: PlannedCertificate[];
  /** How many new orders the run would spend of the CAs' limits. */
  newOrders: RunPlan['newOrders'];
  /** How many orders would be rehearsed first. */
  rehearsals: RunPlan['rehearsals'];
}

/**
 * The one answer to which certificates are due now and which of them have to wait, and for what: `renew`,
 * `status` and the lists go by it. From the ledger alone.
 * @param done names of certificates that the run has worked on already
 */
export async function planDue(
  context: CommandContext,
  ledger: Ledger,
  { limit, waitMs, ...options }: PlanDueOptions,
  { now, done = new Set() }: { now: Date; done?: ReadonlySet<string> },
): Promise<DuePlan> {
  const found = await findDue(context, ledger, options, now);
  const isLeft = ({ certificate }: { certificate: { name: string } }): boolean => !done.has(certificate.name);
  const eligible = found.eligible.filter(isLeft);
  const planning = { stagings: found.stagings, isAskedFor: options.names.length > 0, limit, waitMs };
  return {
    ...found,
    eligible,
    waiting: found.waiting.filter(isLeft),
    leftAlone: found.leftAlone.filter(isLeft),
    ...(await planned(context, ledger, eligible, planning)),
  };
}

type Planned = Pick<DuePlan, 'due' | 'newOrders' | 'rehearsals'>;

const goesNow = { error: null, isOfRehearsal: false };

/** The certificates that the run comes to, which of them have to wait, and what the run would spend. */
async function planned(
  { settings }: CommandContext,
  ledger: Ledger,
  eligible: readonly DueCertificate[],
  { limit, ...options }: PlanOptions & { limit: number; isAskedFor: boolean },
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
