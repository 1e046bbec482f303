import { accountAt } from '../ledger/accounts.ts';
import { gateCount } from '../ledger/gate-count.ts';
import { liveOrderFor } from '../ledger/orders.ts';
import { identifierSetKey } from '../identifiers.ts';
import type { CommandContext } from './context.ts';
import type { IssuePlan } from './issuing.ts';
import { ledgerExists, withLedger } from './ledger-opening.ts';

/** `issue --dry-run`: what would happen, from the ledger alone. */
export async function describePlan(context: CommandContext, plan: IssuePlan): Promise<number> {
  const { settings, output } = context;
  const maxPending = settings.maxPending ?? plan.authority.maxPending;
  const gate = ledgerExists(settings) ? await gateNow(context, plan) : { open: 0, resumes: false };
  const opens = gate.resumes ? 0 : plan.identifiers.length;
  const description = {
    status: 'dry-run',
    certificate: { name: plan.wish.name, names: plan.wish.names },
    ca: plan.authority.directoryUrl,
    resumesOrder: gate.resumes,
    cost: { newOrders: gate.resumes ? 0 : 1, authorizations: opens },
    gate: { open: gate.open, maxPending, admits: gate.open + opens <= maxPending },
  };
  output.result(description, () =>
    [
      `${plan.wish.name}: would be ordered from ${plan.authority.label} for ${plan.wish.names.join(' ')}`,
      gate.resumes
        ? '  takes up the order that an earlier attempt left: no new order'
        : `  costs 1 new order and opens up to ${String(opens)} authorizations`,
      `  the gate: ${String(gate.open)} of ${String(maxPending)} open, ${description.gate.admits ? 'it would be let through' : 'it would be refused (75)'}`,
    ].join('\n'),
  );
  return 0;
}

async function gateNow(
  context: CommandContext,
  plan: IssuePlan,
): Promise<{ open: number; resumes: boolean }> {
  return withLedger(context.settings, async (ledger) => {
    const account = await accountAt(ledger, plan.authority.directoryUrl);
    if (account === undefined) return { open: 0, resumes: false };
    const count = await gateCount(ledger, account.id, new Date());
    const live = await liveOrderFor(
      ledger,
      account.id,
      identifierSetKey(plan.identifiers),
      plan.wish.profile ?? '',
    );
    return { open: count.pending + count.reserved, resumes: live !== undefined };
  });
}
