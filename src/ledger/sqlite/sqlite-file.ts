import { sql } from 'kysely';
import type { Ledger } from '../ledger.ts';

/** Writes the ledger as it is now into a new file. @throws AcmeLedgerError `ledger-failed` */
export async function copyLedger(ledger: Ledger, file: string): Promise<void> {
  await sql`vacuum into ${file}`.execute(ledger);
}
