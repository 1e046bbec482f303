import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';

/** The error for a stored value that can't be read, for whoever needs the value. */
export function unreadableValue(
  stored: unknown,
  { table, column }: { table: string; column: string },
  what: 'JSON' | 'time',
): AcmeLedgerError {
  return new AcmeLedgerError(
    'ledger',
    `${column} of ${table} in the ledger isn't the ${what} that it should be ("${printable(String(stored)).slice(0, 60)}"): another program wrote it, or the file is damaged`,
    { hint: 'acme-ledger ledger check names the row, and mends it or says what to do' },
  );
}
