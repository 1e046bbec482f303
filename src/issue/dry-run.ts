import { ledgerExists, withEmptyLedger, withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { IssuePlan } from './issue.ts';
import { changeText } from '../wanted/changes.ts';
import { proofShown, type ProvenBy } from '../report/texts/proven-by.ts';
import { type Outlook, outlookOf } from './outlook.ts';

export interface IssueForeseen {
  /** `issue --dry-run --json`. */
  foreseen: ReturnType<typeof foreseenJson> & { provenBy: ProvenBy[] };
  /** How each name would be proven, where that isn't the same for all. */
  proofLines: readonly string[];
  plan: IssuePlan;
  /** The names that would be ordered. */
  names: readonly string[];
  /** What would be wanted otherwise than now, in words. */
  changes: readonly string[];
}

/** Foresees the result of the plan, from the ledger alone; nothing is sent or written. */
export async function foresee(context: CommandContext, plan: IssuePlan): Promise<IssueForeseen> {
  const { settings } = context;
  // Where nothing is known yet, no ledger is made for a dry run.
  const withOne = (await ledgerExists(settings)) ? withLedger : withEmptyLedger;
  const outlook = await withOne(settings, (ledger) => outlookOf(context, ledger, plan));
  const proof = proofShown(plan.wanted.settings, outlook.names, settings.solvers);
  const maxPending = settings.maxPending ?? plan.authority.maxPending;
  return {
    foreseen: { ...foreseenJson(plan, outlook, maxPending), provenBy: proof.provenBy },
    proofLines: proof.lines,
    plan,
    names: outlook.names,
    changes: plan.changes.map(changeText),
  };
}

function foreseenJson(plan: IssuePlan, outlook: Outlook, maxPending: number) {
  const { wanted, authority, staging, now, changes } = plan;
  const error = outlook.stands ? null : outlook.refusal;
  const deferral = outlook.stands || error !== null ? null : outlook.deferral;
  const isNew = !outlook.stands && error === null && !outlook.resumes;
  const opens = isNew ? outlook.names.length : 0;
  const leftOut = wanted.names.filter((name) => !outlook.names.includes(name));
  return {
    status: 'dry-run',
    certificate: { name: wanted.name, names: wanted.names },
    ca: authority.directoryUrl,
    rehearsedAt: staging?.directoryUrl ?? null,
    stands: outlook.stands,
    resumesOrder: outlook.resumes,
    cost: { newOrders: isNew ? 1 : 0, authorizations: opens },
    gate: { open: outlook.open, maxPending, admits: outlook.open + opens <= maxPending },
    limits: isNew ? outlook.limits : [],
    ...(leftOut.length === 0 ? {} : { leftOut }),
    ...(changes.length === 0 ? {} : { changes }),
    deferral: now ? null : deferral,
    ...(now ? { inSpiteOf: deferral } : {}),
    error,
  };
}
