import { systemClock } from '../clock.ts';
import { accountAt } from '../ledger/accounts.ts';
import { gateCount } from '../ledger/gate-count.ts';
import { liveOrderFor } from '../ledger/orders.ts';
import { identifierSetKey } from '../identifiers.ts';
import type { Ledger } from '../ledger/open.ts';
import type { CommandContext } from './context.ts';
import type { IssuePlan } from './issuing.ts';
import { ledgerExists, withLedger } from './ledger-opening.ts';
import { stands } from './standing.ts';
import { counted } from './wording.ts';

/** What the ledger says about an order that isn't placed yet. */
interface Outlook {
  /** A certificate for these names stands and isn't due. */
  stands: boolean;
  /** An earlier attempt left an order for these names. */
  resumes: boolean;
  /** Open and reserved authorizations of the account. */
  open: number;
}

/** `issue --dry-run`: what would happen, from the ledger alone. */
export async function describePlan(context: CommandContext, plan: IssuePlan): Promise<number> {
  const { settings, output } = context;
  const maxPending = settings.maxPending ?? plan.authority.maxPending;
  const outlook = ledgerExists(settings)
    ? await withLedger(settings, (ledger) => outlookOf(context, ledger, plan))
    : { stands: false, resumes: false, open: 0 };
  const isNew = !outlook.stands && !outlook.resumes;
  const opens = isNew ? plan.identifiers.length : 0;
  const description = {
    status: 'dry-run',
    certificate: { name: plan.wish.name, names: plan.wish.names },
    ca: plan.authority.directoryUrl,
    stands: outlook.stands,
    resumesOrder: outlook.resumes,
    cost: { newOrders: isNew ? 1 : 0, authorizations: opens },
    gate: { open: outlook.open, maxPending, admits: outlook.open + opens <= maxPending },
  };
  output.result(description, () => textOf(plan, description));
  return 0;
}

interface Description {
  stands: boolean;
  resumesOrder: boolean;
  cost: { newOrders: number; authorizations: number };
  gate: { open: number; maxPending: number; admits: boolean };
}

function textOf(
  { wish, authority }: IssuePlan,
  { stands: isStanding, resumesOrder, cost, gate }: Description,
): string[] {
  if (isStanding)
    return [`${wish.name}: stands and is not due: nothing would be ordered (--force orders all the same)`];
  return [
    `${wish.name}: would be ordered from ${authority.label} for ${wish.names.join(' ')}`,
    resumesOrder
      ? '  takes up the order that an earlier attempt left: no new order'
      : `  costs 1 new order and opens up to ${counted(cost.authorizations, 'authorization')}`,
    `  the gate: ${String(gate.open)} of ${String(gate.maxPending)} open, ${gate.admits ? 'it would be let through' : 'it would be refused (75)'}`,
  ];
}

async function outlookOf(context: CommandContext, ledger: Ledger, plan: IssuePlan): Promise<Outlook> {
  const isStanding = !plan.force && (await stands(ledger, context.settings.stateDir, plan));
  const account = await accountAt(ledger, plan.authority.directoryUrl);
  if (account === undefined) return { stands: isStanding, resumes: false, open: 0 };
  const count = await gateCount(ledger, account.id, systemClock.now());
  const profile = plan.wish.profile ?? '';
  const live = await liveOrderFor(ledger, account.id, identifierSetKey(plan.identifiers), profile);
  return { stands: isStanding, resumes: live !== undefined, open: count.pending + count.reserved };
}
