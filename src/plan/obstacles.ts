import { authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import { type ErrorRecord, errorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import { lossRecorded } from '../issuance/account/lost-account.ts';
import { gateFullError } from '../issuance/attempt/gate.ts';
import { tooManyNewNames } from '../issuance/limits/new-names.ts';
import { forbidden } from '../issuance/limits/order-rules.ts';
import { unownedOrders } from '../issuance/order/unowned-orders.ts';
import { accountAt, lostAccountsAt } from '../ledger/accounts.ts';
import { countPendingOf } from '../ledger/authorizations/authorization-list.ts';
import { gateCount } from '../ledger/authorizations/gate-count.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { liveOrderKeys } from '../ledger/orders/order-queries.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { Settings } from '../settings/settings.ts';
import type { PlannedCertificate } from './plan-due.ts';

/**
 * The errors that these certificates, by name, would meet right at the start of a run: a rule of the configuration is
 * against the order, the account was lost, or the gate is full of what the run can't settle. Unlike a deferral they don't keep `renew` from trying: a
 * gate may have room again by the time that a certificate's turn has come.
 * @param options.waitMs how long a certificate may wait in the run for room
 * @param options.yes new names are asked for, however many
 */
export async function obstaclesOf(
  settings: Settings,
  ledger: Ledger,
  due: readonly PlannedCertificate[],
  { waitMs, yes }: { waitMs: number; yes: boolean },
): Promise<ReadonlyMap<string, ErrorRecord>> {
  const obstacles = new Map<string, ErrorRecord>();
  const going = due.filter(({ deferral, due: { reason } }) => deferral === null && reason !== 'not-deployed');
  for (const ca of new Set(going.map(({ certificate }) => certificate.ca))) {
    const orders = going.filter(({ certificate }) => certificate.ca === ca);
    const account = await accountAt(ledger, ca);
    const found =
      account === undefined
        ? await lossOf(ledger, ca)
        : waitMs > 0
          ? null
          : await gateFor(settings, ledger, account, orders);
    if (found === null) continue;
    for (const order of orders) {
      const error = found(order);
      if (error !== null) obstacles.set(order.certificate.name, error);
    }
  }
  for (const { certificate, names } of going) {
    const error =
      forbidden(names, settings, 'order-rule') ??
      (yes
        ? null
        : await tooManyNewNames(
            { ledger, clock: systemClock },
            certificate,
            names,
            settings.maxNewNamesPerDomain,
          ));
    if (error !== null) obstacles.set(certificate.name, errorRecord(error));
  }
  return obstacles;
}

type Obstacle = (order: PlannedCertificate) => ErrorRecord | null;

async function lossOf(ledger: Ledger, ca: string): Promise<Obstacle | null> {
  const [lost] = await lostAccountsAt(ledger, ca);
  const loss = lost === undefined ? null : lossRecorded(lost);
  return loss === null ? null : () => errorRecord(loss);
}

/** A full gate, as far as a run can't make room by settling what nobody works on. */
async function gateFor(
  settings: Settings,
  ledger: Ledger,
  account: AccountRow,
  orders: readonly PlannedCertificate[],
): Promise<Obstacle | null> {
  const maxPending = settings.maxPending ?? authorityOf(account.ca).maxPending;
  const count = await gateCount(ledger, account.id, systemClock.now());
  const most = Math.max(...orders.map(({ names }) => names.length));
  if (count.pending + count.reserved + most <= maxPending) return null;
  const run = { ledger, account, clock: systemClock };
  const unowned = await unownedOrders(run, { includeKept: true, skipNamesKeys: new Set() });
  const reserved = unowned.filter(({ status }) => status !== 'abandoned').map((order) => order.reserved);
  const settled = reserved.reduce(
    (sum, each) => sum + each,
    await countPendingOf(
      ledger,
      unowned.map(({ id }) => id),
    ),
  );
  const held = Math.max(0, count.pending + count.reserved - settled);
  const live = await liveOrderKeys(ledger, account.id);
  return ({ certificate, names }) => {
    const isLive = live.has(`${certificate.profile} ${identifierSetKey(names.map(parseName))}`);
    if (isLive || held + names.length <= maxPending) return null;
    const full = gateFullError(names.length, count, { maxPending, now: systemClock.now() });
    // Nobody knows when an order of another run ends.
    return { ...errorRecord(full), retryAt: null };
  };
}
