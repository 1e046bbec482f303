import type { ErrorRecord } from '../../errors.ts';
import type { CommandContext } from '../../run/run-context.ts';
import { type Outlook, outlookOf } from '../../issue/outlook.ts';
import type { IssuePlan } from '../../issue/issue.ts';
import { ledgerExists, withEmptyLedger, withLedger } from '../../run/open-ledger.ts';
import { spendLine } from '../../report/limit-status.ts';
import { counted } from '../../printable.ts';

/** `issue --dry-run`: what would happen, from the ledger alone. */
export async function describePlan(context: CommandContext, plan: IssuePlan): Promise<number> {
  const { settings, output } = context;
  const maxPending = settings.maxPending ?? plan.authority.maxPending;
  // Where nothing is known yet, no ledger is made for a dry run.
  const withOne = (await ledgerExists(settings)) ? withLedger : withEmptyLedger;
  const outlook = await withOne(settings, (ledger) => outlookOf(context, ledger, plan));
  const error = outlook.stands ? null : outlook.refusal;
  const isNew = !outlook.stands && error === null && !outlook.resumes;
  const opens = isNew ? outlook.names.length : 0;
  const leftOut = plan.wish.names.filter((name) => !outlook.names.includes(name));
  const description = {
    status: 'dry-run',
    certificate: { name: plan.wish.name, names: plan.wish.names },
    ca: plan.authority.directoryUrl,
    rehearsedAt: plan.staging?.directoryUrl ?? null,
    stands: outlook.stands,
    resumesOrder: outlook.resumes,
    cost: { newOrders: isNew ? 1 : 0, authorizations: opens },
    gate: { open: outlook.open, maxPending, admits: outlook.open + opens <= maxPending },
    limits: isNew ? outlook.limits : [],
    ...(leftOut.length === 0 ? {} : { leftOut }),
    deferral: outlook.stands || error !== null ? null : outlook.deferral,
    error,
  };
  output.result(description, () => textOf(plan, outlook.names, description));
  return 0;
}

interface Description {
  stands: boolean;
  resumesOrder: boolean;
  cost: { newOrders: number; authorizations: number };
  gate: { open: number; maxPending: number; admits: boolean };
  limits: Outlook['limits'];
  leftOut?: string[];
  deferral: ErrorRecord | null;
  error: ErrorRecord | null;
}

function textOf(
  { wish, authority, staging }: IssuePlan,
  names: readonly string[],
  { stands: isStanding, resumesOrder, cost, gate, limits, leftOut = [], deferral, error }: Description,
): string[] {
  if (isStanding)
    return [`${wish.name}: stands and is not due: nothing would be ordered (--force orders all the same)`];
  if (error !== null)
    return [
      `${wish.name}: would fail (1): ${error.message}`,
      ...(error.hint === null ? [] : [`  ${error.hint}`]),
    ];
  return [
    `${wish.name}: would be ordered from ${authority.label} for ${names.join(' ')}`,
    ...(leftOut.length === 0
      ? []
      : [`  without ${leftOut.join(' ')}, which failed: acme-ledger name list says why`]),
    resumesOrder
      ? '  takes up the order that an earlier attempt left: no new order'
      : `  costs 1 new order and opens up to ${counted(cost.authorizations, 'authorization')}`,
    `  the gate: ${String(gate.open)} of ${String(gate.maxPending)} open, ${gate.admits ? 'it would be let through' : 'it would be refused (75)'}`,
    ...(staging === null ? [] : [`  first rehearsed at ${staging.label}, unless that was done within a day`]),
    ...limits.map((limit) => `  ${spendLine(limit.spends, limit)}`),
    ...(deferral === null ? [] : [`  it would be deferred (75): ${deferral.message}`]),
  ];
}
