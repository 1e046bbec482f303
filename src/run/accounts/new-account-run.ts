import type { Authority } from '../../acme/authorities/authorities.ts';
import type { Session } from '../../acme/session.ts';
import { createSolver } from '../../challenges/create-solver.ts';
import { systemClock } from '../../clock.ts';
import { failureRule } from '../../issuance/names/back-off.ts';
import { obeyingSession } from '../../issuance/limits/obeying-session.ts';
import { createObey, ownPatienceMs } from '../../issuance/waiting/obey-retry-after.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { CommandContext } from '../run-context.ts';
import type { RunWriter } from '../ledger-writing.ts';
import { outageOf, shortWait } from '../outage-waiting.ts';
import { limitsAt } from '../../settings/limit-changes.ts';

/**
 * The run on one of several accounts that a process works on at once. It heeds the waits that the CA asks
 * for.
 */
export function accountRunOf(
  context: CommandContext,
  base: RunWriter,
  authority: Authority,
  {
    session,
    account,
    patienceMs = 0,
  }: { session: Session; account: AccountRow; patienceMs?: number | undefined },
): AccountRun {
  const { settings, log, stops } = context;
  const writer = { ...base, limits: limitsAt(authority, settings.limits) };
  const outage = outageOf(context, { leftMs: shortWait(patienceMs) });
  outage.ping = (signal) => session.ping(signal);
  const heeding = { patienceMs: Math.max(patienceMs, ownPatienceMs), pressure: { refusals: 0 }, outage };
  return {
    ...writer,
    ...heeding,
    session: obeyingSession(session, createObey(writer, account.id, heeding), base.assertLease),
    account,
    stateDir: settings.stateDir,
    ...termsOf(settings, authority),
    failureRule: failureRule(settings.suspendAfterMs),
    log,
    stops,
    solverFor: (solver) => createSolver(solver, { clock: systemClock, runId: writer.runId }),
  };
}

/** The terms for orders and their authorizations, as the person sets them, else the CA's profile. */
export function termsOf(
  settings: CommandContext['settings'],
  authority: Authority,
): Pick<AccountRun, 'policy' | 'maxPending' | 'orderRules' | 'solverRules'> {
  return {
    policy: settings.onUnsubmitted ?? authority.onUnsubmitted,
    maxPending: settings.maxPending ?? authority.maxPending,
    orderRules: settings,
    solverRules: settings.solvers,
  };
}
