import type { Kysely } from 'kysely';

/** Which orders were only rehearsals at a staging, and how their names were proven. */
export async function addRehearsals(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('orders').addColumn('rehearsal', 'text').execute();
}
