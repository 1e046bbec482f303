import type { Authorization, Order } from '../../acme/objects/resources.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import type { Identifier } from '../../identifiers.ts';
import { printable } from '../../printable.ts';
import { authorizationByUrl } from '../../ledger/authorizations/authorizations.ts';
import { orderByUrl, recordOrderAnswer } from '../../ledger/orders/orders.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import { recordUnfit } from '../../ledger/orders/unfit-orders.ts';
import { inTransaction, type LedgerWriter } from '../../ledger/writer.ts';

/**
 * Records the CA's answer for an order, after comparing it with the request (RFC 8555 §7.4: the order's
 * identifiers are those of the request). An answer that doesn't fit ends the order: its authorizations are
 * written down and left to the settling of the attempt.
 * @throws AcmeLedgerError `ca-answer`, `busy`
 */
export async function recordFittingAnswer(
  writer: LedgerWriter,
  order: OrderRow,
  answer: Order,
): Promise<OrderRow> {
  const recorded = await inTransaction(writer, async (tx) => {
    const misfit = (await takenElsewhere(tx, order, answer)) ?? misfitOf(answer, order.names);
    return misfit ?? recordOrderAnswer(tx, order, answer);
  });
  if (typeof recorded === 'string') throw await givenUp(writer, order, answer, recorded);
  return recorded;
}

/**
 * Whether an error means that the CA's order doesn't fit the request: it was given up, and its authorizations
 * were written down.
 */
export function isMisfit(error: unknown): boolean {
  return error instanceof AcmeLedgerError && misfits.has(error);
}

const misfits = new WeakSet<AcmeLedgerError>();

/**
 * Compares the authorizations that are still to be proven with the order's names: no answer is put up, and no
 * hook called, for a name that nobody asked for. An authorization that is valid already asks for nothing;
 * some CAs have it for a domain above the name (RFC 8555 §7.1.3).
 * @throws AcmeLedgerError `ca-answer`; the order is given up then
 */
export async function assertAuthorizationsFit(
  writer: LedgerWriter,
  order: OrderRow,
  shown: readonly Authorization[],
): Promise<void> {
  const open = shown.filter(({ status }) => status === 'pending');
  const misfit = strangerAmong(open, order.names);
  if (misfit === null) return;
  const answer = { url: order.url ?? '', authorizationUrls: [] };
  throw await givenUp(writer, order, answer, misfit);
}

async function givenUp(
  writer: LedgerWriter,
  order: OrderRow,
  answer: Pick<Order, 'url' | 'authorizationUrls'>,
  misfit: string,
): Promise<AcmeLedgerError> {
  const error = new AcmeLedgerError(
    'ca-answer',
    `the CA answered with an order for something else: ${misfit}`,
    {
      hint: 'nothing of it was put up or submitted; report it to the CA with the output of -v',
    },
  );
  misfits.add(error);
  await recordUnfit(writer, order, answer, errorRecord(error));
  return error;
}

/**
 * How the CA's order differs from the request; null when it fits. An order that is further than `ready` is
 * judged by its certificate.
 */
function misfitOf(
  { status, identifiers, authorizationUrls }: Order,
  names: readonly string[],
): string | null {
  if (status !== 'pending' && status !== 'ready') return null;
  if (authorizationUrls.length > names.length) {
    return `it has ${String(authorizationUrls.length)} authorizations for ${String(names.length)} ${names.length === 1 ? 'name' : 'names'}`;
  }
  // Some CAs leave the identifiers out of an order; its authorizations tell then.
  return identifiers.length === 0 ? null : differenceOf(identifiers, names);
}

function differenceOf(identifiers: readonly Identifier[], names: readonly string[]): string | null {
  const told = identifiers.map(({ value }) => value);
  const added = told.find((name, index) => !names.includes(name) || told.indexOf(name) !== index);
  if (added !== undefined)
    return names.includes(added)
      ? `it names ${shown(added)} twice`
      : `it names ${shown(added)}, which nobody asked for`;
  const lacking = names.find((name) => !told.includes(name));
  return lacking === undefined ? null : `it lacks ${shown(lacking)}`;
}

/**
 * The first authorization that nobody asked for. A wildcard's authorization is for the domain below it
 * (§7.1.4); not every CA says that it is for the wildcard.
 */
function strangerAmong(authorizations: readonly Authorization[], names: readonly string[]): string | null {
  const left = names.map(baseOf);
  for (const { identifier } of authorizations) {
    const place = left.indexOf(identifier.value);
    if (place !== -1) left.splice(place, 1);
    else if (names.map(baseOf).includes(identifier.value))
      return `more of its authorizations are for ${shown(identifier.value)} than were asked for`;
    else return `an authorization of it is for ${shown(identifier.value)}, which nobody asked for`;
  }
  return null;
}

/**
 * How the answer is another order's: an order's URL is its own, and an authorization's account is the
 * order's.
 */
async function takenElsewhere(
  { ledger }: LedgerWriter,
  order: OrderRow,
  { url, authorizationUrls }: Order,
): Promise<string | null> {
  if (order.url === url) return null;
  const holder = await orderByUrl(ledger, url);
  // An order that was given up here may be handed out again: it is the new intent's from now on.
  if (holder !== undefined && holder.status !== 'invalid' && holder.status !== 'abandoned')
    return `its URL is that of order ${String(holder.id)}, which was made for ${shown(holder.names.join(' '))}`;
  for (const each of authorizationUrls) {
    const known = await authorizationByUrl(ledger, each);
    if (known !== undefined && known.account_id !== order.account_id)
      return `the authorization ${shown(each)} belongs to another account`;
  }
  return null;
}

function baseOf(name: string): string {
  return name.startsWith('*.') ? name.slice(2) : name;
}

function shown(text: string): string {
  return `"${printable(text)}"`;
}
