import { systemClock } from '../clock.ts';
import { accountAt } from '../ledger/accounts.ts';
import { gateCount } from '../ledger/gate-count.ts';
import { liveOrderFor } from '../ledger/orders.ts';
import type { ErrorRecord } from '../errors.ts';
import { errorRecord } from '../errors.ts';
import { identifierSetKey } from '../identifiers.ts';
import { bucketFor } from '../issuance/charges.ts';
import { shortageError } from '../issuance/limit-refusal.ts';
import type { LimitSeen } from '../issuance/limits-seen.ts';
import { limitSeen } from '../issuance/limits-seen.ts';
import { plannedHolds } from '../issuance/planned-holds.ts';
import { costOf, domainsToCount } from '../issuance/spending.ts';
import type { Ledger } from '../ledger/open.ts';
import { openEmptyLedger } from '../ledger/open.ts';
import type { CommandContext } from './context.ts';
import type { IssuePlan } from './issuing.ts';
import { ledgerExists, withLedger } from './ledger-opening.ts';
import { spendLine } from './limit-status.ts';
import { limitsAt } from './settings/limit-changes.ts';
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
  /** What it would spend of the CA's limits. */
  limits: (LimitSeen & { spends: number })[];
  /** The limit, or the CA's own words, that it would have to wait for. */
  deferral: ErrorRecord | null;
}

/** `issue --dry-run`: what would happen, from the ledger alone. */
export async function describePlan(context: CommandContext, plan: IssuePlan): Promise<number> {
  const { settings, output } = context;
  const maxPending = settings.maxPending ?? plan.authority.maxPending;
  const outlook = ledgerExists(settings)
    ? await withLedger(settings, (ledger) => outlookOf(context, ledger, plan))
    : await outlookWithout(context, plan);
  const isNew = !outlook.stands && !outlook.resumes;
  const opens = isNew ? plan.identifiers.length : 0;
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
    deferral: isNew ? outlook.deferral : null,
  };
  output.result(description, () => textOf(plan, description));
  return 0;
}

interface Description {
  stands: boolean;
  resumesOrder: boolean;
  cost: { newOrders: number; authorizations: number };
  gate: { open: number; maxPending: number; admits: boolean };
  limits: Outlook['limits'];
  deferral: ErrorRecord | null;
}

function textOf(
  { wish, authority, staging }: IssuePlan,
  { stands: isStanding, resumesOrder, cost, gate, limits, deferral }: Description,
): string[] {
  if (isStanding)
    return [`${wish.name}: stands and is not due: nothing would be ordered (--force orders all the same)`];
  return [
    `${wish.name}: would be ordered from ${authority.label} for ${wish.names.join(' ')}`,
    resumesOrder
      ? '  takes up the order that an earlier attempt left: no new order'
      : `  costs 1 new order and opens up to ${counted(cost.authorizations, 'authorization')}`,
    `  the gate: ${String(gate.open)} of ${String(gate.maxPending)} open, ${gate.admits ? 'it would be let through' : 'it would be refused (75)'}`,
    ...(staging === null ? [] : [`  first rehearsed at ${staging.label}, unless that was done within a day`]),
    ...limits.map((limit) => `  ${spendLine(limit.spends, limit)}`),
    ...(deferral === null ? [] : [`  it would be deferred (75): ${deferral.message}`]),
  ];
}

/** Nothing is known, and none is made: with an empty one in memory. */
async function outlookWithout(context: CommandContext, plan: IssuePlan): Promise<Outlook> {
  const ledger = await openEmptyLedger();
  try {
    return await outlookOf(context, ledger, plan);
  } finally {
    await ledger.destroy();
  }
}

async function outlookOf(context: CommandContext, ledger: Ledger, plan: IssuePlan): Promise<Outlook> {
  const isStanding = !plan.force && (await stands(ledger, context.settings.stateDir, plan));
  const account = await accountAt(ledger, plan.authority.directoryUrl);
  const spending = await spendingOf(context, ledger, plan, account?.id ?? 0);
  if (account === undefined) return { stands: isStanding, resumes: false, open: 0, ...spending };
  const count = await gateCount(ledger, account.id, systemClock.now());
  const profile = plan.wish.profile ?? '';
  const live = await liveOrderFor(ledger, account.id, identifierSetKey(plan.identifiers), profile);
  const open = count.pending + count.reserved;
  const { name, names } = plan.wish;
  const wanted = [{ certificate: { name, profile }, names }];
  const held = await plannedHolds(ledger, account.id, wanted, { now: systemClock.now(), waitMs: 0 });
  const deferral = held.get(name) ?? spending.deferral;
  return { stands: isStanding, resumes: live !== undefined, open, ...spending, deferral };
}

async function spendingOf(
  { settings }: CommandContext,
  ledger: Ledger,
  { authority, identifiers }: IssuePlan,
  accountId: number,
): Promise<Pick<Outlook, 'limits' | 'deferral'>> {
  const limits = limitsAt(authority, settings.limits);
  const domains = await domainsToCount(limits, identifiers);
  const order = { identifiers, domains, replacesInWindow: false, leavesReserve: false };
  const account = { id: accountId, ca: authority.directoryUrl };
  const now = systemClock.now();
  const { charges, buckets, shortage } = await costOf({ ledger, clock: systemClock, limits }, account, order);
  return {
    limits: charges
      .filter(({ takenBy }) => takenBy !== 'nothing')
      .map((charge) => ({
        ...limitSeen(charge.key.limit, charge.key.subject, bucketFor(charge, buckets, now.getTime()), now),
        spends: 1,
      })),
    deferral: shortage === null ? null : errorRecord(shortageError(shortage, now)),
  };
}
