import type { Clock } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { CaLimits } from '../ca-limits.ts';
import type { Ledger } from './ledger.ts';
import type { Instant } from './columns.ts';

/** The run that writes into the ledger, and its clock. */
export interface LedgerWriter {
  ledger: Ledger;
  runId: string;
  clock: Clock;
  /** The limits of the CA that the run works with; counted when given. */
  limits?: CaLimits;
}

/**
 * Runs `act` in one transaction: all that it writes is there afterwards, or nothing is. Only ledger calls may
 * be awaited inside.
 */
export async function inTransaction<T>(
  writer: LedgerWriter,
  act: (writer: LedgerWriter) => Promise<T>,
): Promise<T> {
  if (writer.ledger.isTransaction) return act(writer);
  return writer.ledger.transaction().execute((transaction) => act({ ...writer, ledger: transaction }));
}

export function instant(writer: LedgerWriter): Instant {
  return writer.clock.now();
}

/**
 * The error for a guarded update that found no row: another run took the order over while this one was
 * asleep.
 */
export function lostOwnership(orderId: number): AcmeLedgerError {
  return new AcmeLedgerError('busy', `order ${String(orderId)} was taken over by another run`, {
    hint: `acme-ledger order show ${String(orderId)}`,
  });
}
