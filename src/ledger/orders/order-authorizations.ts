import { compiledOnce } from '../compiled.ts';
import type { OrderRow } from '../schema.ts';
import type { Instant } from '../columns.ts';
import type { LedgerWriter } from '../writer.ts';
import { instant } from '../writer.ts';

/**
 * An order's authorizations never change (RFC 8555 §7.1.3), but an answer may have been without some of them:
 * authorizations that only a later answer names are written down, too.
 */
export async function learnAuthorizationUrls(
  writer: LedgerWriter,
  order: OrderRow,
  urls: readonly string[],
): Promise<void> {
  const { rows } = await knownUrls(writer.ledger, { orderId: order.id });
  const known = new Set(rows.map(({ url }) => url));
  const unknown = urls.filter((url) => !known.has(url));
  await insertAuthorizationUrls(writer, order, unknown);
}

const knownUrls = compiledOnce((ledger, { orderId }: { orderId: number }) =>
  ledger
    .selectFrom('authorizations')
    .innerJoin('order_authorizations', 'order_authorizations.authorization_id', 'authorizations.id')
    .select('authorizations.url')
    .where('order_authorizations.order_id', '=', orderId),
);

/**
 * A row for each authorization that an order names and the ledger doesn't know, and its place in the order.
 */
export async function insertAuthorizationUrls(
  writer: LedgerWriter,
  order: OrderRow,
  urls: readonly string[],
): Promise<void> {
  for (const url of urls) {
    await insertUrl(writer.ledger, { accountId: order.account_id, url, at: instant(writer) });
    await linkUrl(writer.ledger, { orderId: order.id, accountId: order.account_id, url });
  }
}

interface Link {
  orderId: number;
  accountId: number;
  url: string;
}

const insertUrl = compiledOnce(
  (ledger, { accountId, url, at }: { accountId: number; url: string; at: Instant }) =>
    ledger
      .insertInto('authorizations')
      .values({
        account_id: accountId,
        url,
        wildcard: false,
        status: 'pending',
        challenge: 'none',
        source: 'order',
        created_at: at,
        // The authorization's own `expires` is learned with the first look: it may outlive its order.
      })
      .onConflict((conflict) => conflict.column('url').doNothing()),
);

/** A URL that belongs to another account is no authorization of this order, whatever the CA says. */
const linkUrl = compiledOnce((ledger, { orderId, accountId, url }: Link) =>
  ledger
    .insertInto('order_authorizations')
    .columns(['order_id', 'authorization_id'])
    .expression((from) =>
      from
        .selectFrom('authorizations')
        .select((select) => [select.val(orderId).as('order_id'), 'id'])
        .where('url', '=', url)
        .where('account_id', '=', accountId),
    )
    .onConflict((conflict) => conflict.columns(['order_id', 'authorization_id']).doNothing()),
);
