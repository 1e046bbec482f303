import { timeText } from '../clock.ts';
import type { Order } from '../acme/objects/resources.ts';
import { isGone } from '../acme/objects/problems.ts';
import { AcmeLedgerError } from '../errors.ts';
import { authorizationByUrl } from '../ledger/authorizations/authorizations.ts';
import { recordComparison, recordForgotten } from '../ledger/orders/order-comparison.ts';
import type { OrderRow } from '../ledger/schema.ts';
import type { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { compareAuthorization } from './sync-authorizations.ts';
import type { Compared } from './sync-line.ts';
import { shellWord } from '../shell-word.ts';

/**
 * Compares an order that nobody works on, as the ledger held it, with what the CA says; then the
 * authorizations of it that weren't known.
 */
export async function compareOrder(
  run: AccountRun,
  asking: CaQuestions,
  order: OrderRow,
): Promise<Compared[]> {
  const { url } = order;
  if (url === null) return [];
  const answer = await asking.ask(() => run.session.getOrder(url, run.stops.grace));
  if (answer === null) return [];
  if (answer instanceof AcmeLedgerError) return [await notFound(run, order, answer)];
  const comparison = await recordComparison(run, order, answer);
  const line = { ...lineOf(order), ca: answer.status };
  if (comparison?.differs !== true) return [line];
  const reason =
    answer.status === order.status
      ? 'it has authorizations that the ledger did not know of'
      : nextStep(order, answer.status);
  const compared: Compared[] = [{ ...line, differs: true, outcome: 'differs', reason }];
  for (const learned of comparison.learned) {
    const row = await authorizationByUrl(run.ledger, learned);
    if (row !== undefined) compared.push(...(await compareAuthorization(run, asking, row, false)));
  }
  return compared;
}

/** An order whose newOrder was never answered: nothing can be compared, and a person wants to know what is counted for it. */
export function lostOrder(order: OrderRow): Compared {
  const counted = `${String(order.reserved)} authorizations stay reserved for it until ${timeText(order.reserved_until)}`;
  const reason =
    order.status === 'intent'
      ? `newOrder may have been sent, and was never answered: ${counted}; acme-ledger renew ${shellWord(order.certificate_name)} goes on with it, acme-ledger authz clear looks for it at the CA`
      : `newOrder was never answered, and the order could not be found at the CA: ${counted}; five minutes after it was sent acme-ledger authz clear looks for it a last time, which frees them where the CA keeps a list of orders`;
  return { ...lineOf(order), outcome: 'lost', reason };
}

function lineOf(order: OrderRow): Compared {
  return {
    kind: 'order',
    id: order.id,
    url: order.url,
    identifier: null,
    names: order.names,
    ledger: order.status,
    ca: null,
    challenge: null,
    differs: false,
    outcome: 'same',
    reason: null,
  };
}

async function notFound(run: AccountRun, order: OrderRow, error: AcmeLedgerError): Promise<Compared> {
  const line = lineOf(order);
  if (!isGone(error)) return { ...line, outcome: 'failed', reason: error.message };
  await recordForgotten(run, order);
  const reason = 'the CA has forgotten it: the next run gives it up, or acme-ledger authz clear';
  return { ...line, ca: 'gone', differs: true, outcome: 'differs', reason };
}

function nextStep({ certificate_name, concluded_at, rehearsal }: OrderRow, status: Order['status']): string {
  const renew = `acme-ledger renew ${shellWord(certificate_name)}${rehearsal === null ? '' : ' --rehearse'}`;
  if (concluded_at !== null) return 'it was given up here, and its authorizations were not all known';
  switch (status) {
    case 'pending':
      return `${renew} goes on with it`;
    case 'ready':
      return `every name is proven: ${renew} goes on with it`;
    case 'processing':
      return `the CA is making its certificate: ${renew} fetches it`;
    case 'valid':
      return `its certificate is there: ${renew} fetches it`;
    case 'invalid':
      return 'nothing can become of it: the next run gives it up, or acme-ledger authz clear';
  }
}
