import type { Authority } from '../acme/authorities/authorities.ts';
import { provenToday } from '../challenges/proof/ways.ts';
import { systemClock } from '../clock.ts';
import type { ErrorRecord } from '../errors.ts';
import { errorRecord } from '../errors.ts';
import { type Identifier, identifierSetKey } from '../identifiers.ts';
import { bucketFor } from '../issuance/limits/charges.ts';
import { shortageError } from '../issuance/limits/limit-words.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { limitSeen } from '../issuance/limits/limits-seen.ts';
import { tooManyNewNames } from '../issuance/limits/new-names.ts';
import { isLate } from '../issuance/names/name-choice.ts';
import { namesAsked } from '../issuance/attempt/obtain-asked.ts';
import { plannedHolds } from '../issuance/limits/planned-holds.ts';
import { rehearsalsSince } from '../issuance/attempt/rehearse.ts';
import { costOf, domainsToCount } from '../issuance/limits/spending.ts';
import { suspendedError } from '../issuance/names/suspended-names.ts';
import { accountAt } from '../ledger/accounts.ts';
import { certificateByName, isMended } from '../ledger/certificates/certificates.ts';
import { gateCount } from '../ledger/authorizations/gate-count.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { wasRehearsedSince } from '../ledger/orders/order-queries.ts';
import { liveOrderFor } from '../ledger/orders/intents.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { IssuePlan } from './issue.ts';
import { limitsAt } from '../settings/limit-changes.ts';
import { ofRehearsal } from '../run/staging.ts';
import { isAlreadyIssued } from './already-issued.ts';

/** An order that isn't placed yet, as the ledger foresees it. */
export interface Outlook {
  /** A certificate for these names stands and isn't due. */
  stands: boolean;
  /** Why the attempt would fail with nothing sent. */
  refusal: ErrorRecord | null;
  /** The names that would be ordered: failing names may be left out. */
  names: readonly string[];
  /** An earlier attempt left an order for these names. */
  resumes: boolean;
  /** Open and reserved authorizations of the account. */
  open: number;
  /** The CA's limits that the order would spend of. */
  limits: (LimitSeen & { spends: number })[];
  /**
   * The limit, or the CA's own words, that the order would have to wait for; at the CA or at its rehearsal.
   */
  deferral: ErrorRecord | null;
}

/** Foresees the order as the real run would find it; no CA is asked. */
export async function outlookOf(context: CommandContext, ledger: Ledger, plan: IssuePlan): Promise<Outlook> {
  const { wanted, authority } = plan;
  const { names, refusal } = await namesPlanned(ledger, plan);
  const identifiers = plan.identifiers.filter(({ value }) => names.includes(value));
  const account = await accountAt(ledger, authority.directoryUrl);
  const count = account === undefined ? null : await gateCount(ledger, account.id, systemClock.now());
  const live =
    account === undefined
      ? undefined
      : await liveOrderFor(ledger, account.id, identifierSetKey(identifiers), wanted.profile ?? '');
  const { limits, deferral } = await costAt(context, ledger, authority, {
    plan,
    identifiers,
    isPaid: live !== undefined,
  });
  return {
    stands: !plan.force && (await isAlreadyIssued(ledger, context.settings.stateDir, plan)),
    refusal,
    names,
    resumes: live !== undefined,
    open: count === null ? 0 : count.pending + count.reserved,
    limits,
    deferral:
      (await tooManyNames(context, ledger, plan, names)) ??
      deferral ??
      (await rehearsalDeferral(context, ledger, { plan, identifiers, isPaid: false })),
  };
}

/** The refusal of new names that nobody asked for with `--yes`. */
async function tooManyNames(
  { settings }: CommandContext,
  ledger: Ledger,
  { wanted, yes }: IssuePlan,
  names: readonly string[],
): Promise<ErrorRecord | null> {
  if (yes) return null;
  const certificate = (await certificateByName(ledger, wanted.name)) ?? null;
  const max = settings.maxNewNamesPerDomain;
  const error = await tooManyNewNames({ ledger, clock: systemClock }, certificate, names, max);
  return error === null ? null : errorRecord(error);
}

/** The names that `obtainAsked` and its rehearsal come to. */
async function namesPlanned(
  ledger: Ledger,
  { wanted, onFailedName, authority, staging }: IssuePlan,
): Promise<Pick<Outlook, 'names' | 'refusal'>> {
  // Writing down what is wanted will resume its names.
  if (isMended(await certificateByName(ledger, wanted.name), wanted))
    return { names: wanted.names, refusal: null };
  let among = wanted.names;
  for (const { directoryUrl } of [authority, ...(staging === null ? [] : [staging])]) {
    const account = await accountAt(ledger, directoryUrl);
    if (account === undefined) continue;
    const certificate = { names: wanted.names };
    const asked = await namesAsked({ ledger, clock: systemClock, account }, certificate, {
      onFailedName,
      among,
    });
    if (asked.hopeless.length > 0)
      return { names: among, refusal: errorRecord(suspendedError(asked.hopeless)) };
    among = asked.names;
  }
  return { names: among, refusal: null };
}

interface PlannedOrder {
  plan: IssuePlan;
  identifiers: readonly Identifier[];
  /** An order that exists already costs nothing more. */
  isPaid: boolean;
}

async function costAt(
  { settings }: CommandContext,
  ledger: Ledger,
  authority: Authority,
  { plan: { wanted, waitMs }, identifiers, isPaid }: PlannedOrder,
): Promise<Pick<Outlook, 'limits' | 'deferral'>> {
  const now = systemClock.now();
  const account = await accountAt(ledger, authority.directoryUrl);
  const limits = limitsAt(authority, settings.limits);
  const domains = await domainsToCount(limits, identifiers);
  const order = { identifiers, domains, replacesInWindow: false, leavesReserve: false };
  const { charges, buckets, shortage } = await costOf(
    { ledger, clock: systemClock, limits },
    { id: account?.id ?? 0, ca: authority.directoryUrl },
    order,
  );
  const planned = [
    {
      certificate: { name: wanted.name, profile: wanted.profile ?? '' },
      stored: authority.directoryUrl === wanted.ca ? await certificateByName(ledger, wanted.name) : undefined,
      names: identifiers.map(({ value }) => value),
    },
  ];
  const held =
    account === undefined ? undefined : await plannedHolds(ledger, account.id, planned, { now, waitMs });
  const isShort = shortage !== null && !isPaid && shortage.waitMs > waitMs;
  return {
    limits: charges
      .filter(({ takenBy }) => takenBy !== 'nothing')
      .map((charge) => ({
        ...limitSeen(charge.key.limit, charge.key.subject, bucketFor(charge, buckets, now.getTime()), now),
        spends: 1,
      })),
    deferral: held?.get(wanted.name) ?? (isShort ? errorRecord(shortageError(shortage, now)) : null),
  };
}

/** The wait that the order's rehearsal would need; null also where no rehearsal is needed. */
async function rehearsalDeferral(
  context: CommandContext,
  ledger: Ledger,
  order: PlannedOrder,
): Promise<ErrorRecord | null> {
  const { wanted, staging } = order.plan;
  if (staging === null) return null;
  const now = systemClock.now();
  const certificate = await certificateByName(ledger, wanted.name);
  if (certificate !== undefined && isLate(certificate, now)) return null;
  const account = await accountAt(ledger, staging.directoryUrl);
  const rehearsed = {
    account_id: account?.id ?? 0,
    names_key: identifierSetKey(order.identifiers),
    profile: wanted.profile ?? '',
    rehearsal: provenToday(
      wanted.settings,
      order.identifiers.map(({ value }) => value),
      context.settings.solvers,
    ),
  };
  if (await wasRehearsedSince(ledger, rehearsed, rehearsalsSince(now))) return null;
  const { deferral } = await costAt(context, ledger, staging, order);
  return deferral === null ? null : ofRehearsal(deferral, staging);
}
