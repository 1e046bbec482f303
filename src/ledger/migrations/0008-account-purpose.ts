import type { Kysely } from 'kysely';
import { oneOf } from './columns.ts';
import { accountPurposes } from '../states.ts';

/** Which account of a CA orders are made on. Until now there was one at each, or the newest. */
export async function addAccountPurpose(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('accounts')
    .addColumn('purpose', 'text', (column) =>
      column.notNull().defaultTo('orders').check(oneOf('purpose', accountPurposes)),
    )
    .execute();
}
