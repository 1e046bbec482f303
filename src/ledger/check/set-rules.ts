import { sql } from 'kysely';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { appendEvents } from '../events.ts';
import type { StoredLedger } from '../ledger.ts';
import { inTransaction } from '../writer.ts';
import type { Finding } from './finding.ts';
import { findingsMax } from './finding.ts';
import { shellWord } from '../../shell-word.ts';

/* Rules about several rows, which can't be seen in one row alone. */

/** Two orders for the same names: the index that forbids it is gone or damaged. */
export async function ordersTwice(ledger: StoredLedger): Promise<Finding[]> {
  const rows = await ledger
    .selectFrom('orders')
    .select((select) => [
      'names_key',
      select.fn.max('id').as('id'),
      select.fn.countAll<number>().as('orders'),
    ])
    .where('concluded_at', 'is', null)
    .where('stuck_at', 'is', null)
    .groupBy(['account_id', 'names_key', 'profile'])
    .having((having) => having.fn.countAll(), '>', 1)
    .limit(findingsMax)
    .execute();
  return rows.map(({ id, names_key, orders }) => ({
    code: 'order-twice',
    level: 'error',
    table: 'orders',
    id,
    message: `${orders} orders are open for the same names (${names_key}), of which order ${id} is the newest: both may become certificates`,
    hint: 'acme-ledger authz clear --all settles them',
  }));
}

/** An order that isn't found when it is looked for by its names. */
export async function orderNames(ledger: StoredLedger): Promise<Finding[]> {
  const rows = await ledger
    .selectFrom('orders')
    .select(['id', 'names', 'names_key'])
    .where('concluded_at', 'is', null)
    .execute();
  return rows
    .filter(({ names, names_key }) => ![names_key, null].includes(keyOf(names)))
    .slice(0, findingsMax)
    .map(({ id, names_key }) => ({
      code: 'order-names-differ',
      level: 'error',
      table: 'orders',
      id,
      message: `order ${id} is filed under other names (${names_key}) than it is for: no attempt finds it, and a second order may be made`,
      hint: 'acme-ledger authz clear --all settles it',
    }));
}

/** Certificates that were stored from an order for something else than is wanted, and yet count as wanted. */
export async function certificateOrders(ledger: StoredLedger): Promise<Finding[]> {
  const rows = await ledger
    .selectFrom('certificates')
    .innerJoin('orders', 'orders.id', 'certificates.order_id')
    .innerJoin('accounts', 'accounts.id', 'orders.account_id')
    .select(['certificates.id', 'certificates.name', 'certificates.names', 'certificates.issued_names'])
    .select(['certificates.profile'])
    .select(['certificates.ca', 'orders.id as orderId', 'orders.names_key', 'orders.profile as orderProfile'])
    .select(['accounts.ca as orderCa', 'orders.rehearsal'])
    .where('removed_at', 'is', null)
    .execute();
  return rows
    .filter(
      (row) =>
        ![row.names_key, null].includes(keyOf(row.issued_names ?? row.names)) ||
        row.profile !== row.orderProfile ||
        // A fallback's certificate may come from another CA, a rehearsal's may not.
        (row.ca !== row.orderCa && row.rehearsal !== null),
    )
    .slice(0, findingsMax)
    .map(({ id, name, orderId }) => ({
      code: 'certificate-of-other-order',
      level: 'error',
      table: 'certificates',
      id,
      message: `certificate ${name} was stored from order ${orderId}, which was a rehearsal, or for other names or another profile than are wanted: what is in use may not be what was asked for`,
      hint: `acme-ledger renew --all ${shellWord(name)} makes what is wanted`,
    }));
}

/** Answers that are up and that no clean-up finds: clean-ups go from an order to its authorizations. */
export async function unlinkedPresentations(ledger: StoredLedger): Promise<Finding[]> {
  const rows = await ledger
    .selectFrom('presentations')
    .innerJoin('orders', 'orders.id', 'presentations.order_id')
    .innerJoin('authorizations', 'authorizations.id', 'presentations.authorization_id')
    .select(['presentations.id', 'order_id', 'authorization_id', 'presentations.identifier'])
    .select(['orders.account_id', 'authorizations.account_id as otherAccountId'])
    .where('cleaned_at', 'is', null)
    .where(
      sql<boolean>`not exists (select 1 from order_authorizations as links
        where links.order_id = presentations.order_id and links.authorization_id = presentations.authorization_id)`,
    )
    .limit(findingsMax)
    .execute();
  return rows.map((row) => ({
    code: 'presentation-unlinked',
    level: 'error',
    table: 'presentations',
    id: row.id,
    message: `an answer to a challenge for ${row.identifier} is up for order ${row.order_id} and authorization ${row.authorization_id}, which don't belong together: no clean-up finds it`,
    hint: 'once that is mended, acme-ledger authz clear takes it down',
    ...(row.account_id === row.otherAccountId ? { mend: linking(row) } : {}),
  }));
}

/** Links an authorization to the order that presented an answer for it. */
function linking(row: { id: number; order_id: number; authorization_id: number }): Finding['mend'] & object {
  return (writer) =>
    inTransaction(writer, async (tx) => {
      const { numInsertedOrUpdatedRows } = await tx.ledger
        .insertInto('order_authorizations')
        .values({ order_id: row.order_id, authorization_id: row.authorization_id })
        .onConflict((conflict) => conflict.columns(['order_id', 'authorization_id']).doNothing())
        .executeTakeFirstOrThrow();
      if (numInsertedOrUpdatedRows !== 1n) return false;
      const data = { code: 'presentation-unlinked', table: 'presentations', id: row.id };
      await appendEvents(tx, [
        { kind: 'mended', orderId: row.order_id, authorizationId: row.authorization_id, data },
      ]);
      return true;
    });
}

/**
 * The key of a set of names as the ledger writes it; null when the names can't be read, which is another
 * finding.
 */
function keyOf(names: string): string | null {
  try {
    return identifierSetKey((JSON.parse(names) as string[]).map(parseName));
  } catch {
    return null;
  }
}
