import { assertStateDir, prepareStateDir } from '../certificates/state-dir.ts';
import { systemClock } from '../clock.ts';
import { type Run, startRun } from '../issuance/ownership/lease.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CommandContext } from './run-context.ts';
import { assertNothingKept, ledgerExists, openLedger } from './open-ledger.ts';

/** A writer with the check of its run's lease, made before it acts on anything that others may take over. */
export interface RunWriter extends LedgerWriter {
  assertLease: Run['assertLease'];
}

/**
 * For commands that write into the ledger and ask no CA: `act` gets a ledger that can be written, made if
 * there was none, and a run of its own in it; both are closed whatever happens.
 * @throws AcmeLedgerError `state-dir`, `ledger`, `ledger-newer`
 */
export async function withLedgerWriter<T>(
  { settings, record }: CommandContext,
  command: string,
  act: (writer: RunWriter) => Promise<T>,
): Promise<T> {
  await assertStateDir(settings.stateDir);
  if (!(await ledgerExists(settings))) await assertNothingKept(settings);
  await prepareStateDir(settings.stateDir);
  const ledger = await openLedger(settings, { toWrite: true });
  try {
    const run = await startRun(ledger, systemClock, command, record);
    try {
      return await act({ ledger, runId: run.id, clock: systemClock, assertLease: run.assertLease });
    } finally {
      await run.end().catch(() => undefined);
    }
  } finally {
    await ledger.destroy();
  }
}
