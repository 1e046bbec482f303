import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { faultsOf } from '../support/openssl.ts';
import { type OrderAtCa, ordersAtCa, pathOf } from './accounting.ts';
import type { CrashLab, Customer } from './crash-lab.ts';
import type { Violation, ViolationKind } from './violation.ts';

/** What was there before the run that is disturbed. */
export interface Before {
  orders: ReadonlySet<string>;
  serial: string | null;
}

/** What is wrong with the certificate that stands; `wanted`: there must be one. */
export async function certificateFaults(
  lab: CrashLab,
  { certificate, names }: Customer,
  wanted: boolean,
): Promise<Violation[]> {
  if (!existsSync(certificate)) return wanted ? violations('lost certificate', ['there is none']) : [];
  const faults = await faultsOf({ directory: certificate, names, rootPem: lab.rootPem });
  return violations('lost certificate', faults);
}

export async function serialOf({ certificate }: Customer): Promise<string> {
  return new X509Certificate(await readFile(path.join(certificate, 'cert.pem'))).serialNumber;
}

/** Between two commands: nothing is open that the ledger doesn't know of; with `mayWait` false, nothing at all. */
export async function openViolations(
  lab: CrashLab,
  customer: Customer,
  mayWait: boolean,
): Promise<Violation[]> {
  const open = openOf(await ordersAtCa(lab.pebble, customer));
  if (!mayWait) return violations('leak', open);
  const known = new Set(ledgerStates(customer).keys());
  const [reservations] = customer.rows<{ names: number }>('select sum(reserved) as names from orders');
  // A newOrder whose answer was lost: not known by URL, but counted, and looked for by the next run.
  const lost = open.filter((one) => !known.has(one));
  return lost.length <= (reservations?.names ?? 0) ? [] : violations('leak', lost);
}

export async function presentedViolations(customer: Customer): Promise<Violation[]> {
  return violations('left presented', await customer.presented());
}

/**
 * After everything: by the CA's own account, and by what the proxy saw.
 * @param mayOrderAgain a person's command, or the policy, may have closed an order before it was ready
 */
export async function finalViolations(
  lab: CrashLab,
  customer: Customer,
  before: Before,
  mayOrderAgain: boolean,
): Promise<Violation[]> {
  const orders = (await ordersAtCa(lab.pebble, customer)).filter((order) => !before.orders.has(order.path));
  const valid = orders.filter(({ status }) => status === 'valid').length;
  const found = [
    ...violations('leak', openOf(orders)),
    ...violations('duplicate order', needlessOrders(orders, mayOrderAgain)),
    ...violations('paid twice', valid > 1 ? [`${valid} orders of the same names are valid`] : []),
    ...repeated(customer),
    ...(await certificateFaults(lab, customer, true)),
    ...(await presentedViolations(customer)),
    ...(await stateViolations(customer, orders)),
  ];
  if (found.some(({ kind }) => kind === 'lost certificate')) return found;
  const isNew = (await serialOf(customer)) !== before.serial;
  return isNew ? found : [...found, ...violations('lost certificate', ['the old one still stands'])];
}

function openOf(orders: readonly OrderAtCa[]): string[] {
  return orders.flatMap(({ authorizations }) =>
    authorizations.filter(({ status }) => status === 'pending').map((one) => one.path),
  );
}

/** All but the one that was needed; an order with a deactivated authorization can't be resumed any more. */
function needlessOrders(orders: readonly OrderAtCa[], mayOrderAgain: boolean): string[] {
  const resumable = orders.filter(
    ({ authorizations }) => !mayOrderAgain || !authorizations.some(({ status }) => status === 'deactivated'),
  );
  return resumable.length <= 1 ? [] : resumable.map((order) => JSON.stringify(order));
}

/** Challenges that the CA looked at twice, and orders whose finalize it took twice. */
function repeated({ proxy: { census } }: Customer): Violation[] {
  const submitted = [...census.authorizations.values()].filter(({ submissions }) => submissions > 1);
  const finalized = [...census.orders.values()].filter(({ finalizations }) => finalizations > 1);
  return [
    ...violations(
      'submitted twice',
      submitted.map(({ url }) => url),
    ),
    ...violations(
      'paid twice',
      finalized.map(({ url }) => url),
    ),
  ];
}

async function stateViolations(customer: Customer, orders: readonly OrderAtCa[]): Promise<Violation[]> {
  const states = ledgerStates(customer);
  const differing = orders
    .flatMap(({ authorizations }) => authorizations)
    .filter((one) => states.get(one.path) !== one.status)
    .map((one) => `${one.path} is ${one.status}, in the ledger ${states.get(one.path) ?? 'unknown'}`);
  const integrity = customer
    .rows<{ integrity_check: string }>('pragma integrity_check')
    .map((row) => row.integrity_check);
  return violations('state', [
    ...differing,
    ...integrity.filter((line) => line !== 'ok'),
    ...customer.rows<object>('pragma foreign_key_check').map((row) => JSON.stringify(row)),
    ...customer
      .rows<object>('select id, status, run_id from orders where concluded_at is null or run_id is not null')
      .map((row) => `an order is unfinished: ${JSON.stringify(row)}`),
    ...customer
      .rows<object>('select id, order_id, error from presentations where cleaned_at is null')
      .map((row) => `presented, by the ledger: ${JSON.stringify(row)}`),
    ...(await readdir(path.join(customer.stateDir, 'orders')).catch(() => [])).map(
      (entry) => `a key is left in orders/${entry}`,
    ),
  ]);
}

/** The status that the ledger has for each authorization. */
function ledgerStates(customer: Customer): Map<string, string> {
  const rows = customer.rows<{ url: string; status: string }>('select url, status from authorizations');
  return new Map(rows.map(({ url, status }) => [pathOf(url), status]));
}

function violations(kind: ViolationKind, texts: readonly string[]): Violation[] {
  return texts.map((text) => ({ kind, text }));
}
