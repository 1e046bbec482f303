import type { Clock } from '../clock.ts';
import { isLedgerFailure, isLedgerLost } from './ledger-failure.ts';

const pauseMs = 50;
const triesAtMost = 20;

/**
 * Reads from a ledger that can't be written, and reads again after a failure: rows that were read beside
 * another caller's commit are thrown away when that commit fails (src/ledger/sqlite/shared-commits.ts), which
 * says nothing about the reading.
 * @throws AcmeLedgerError `ledger-failed` after a second of trying, or at once when the ledger is lost
 */
export async function readAgain<T>(clock: Clock, read: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await read();
    } catch (error) {
      if (!isLedgerFailure(error) || isLedgerLost(error) || tries === triesAtMost) throw error;
      await clock.sleep(pauseMs);
    }
  }
}
