import { systemClock } from '../clock.ts';
import { insertEndedRun } from '../issuance/ownership/lease.ts';
import { recordRunReport } from '../ledger/runs.ts';
import { errorRecord } from '../errors.ts';
import { ledgerExists, openLedger } from './open-ledger.ts';
import type { CommandContext } from './run-context.ts';

/**
 * Writes into the ledger what came of this call of the program, for `runs list`: on the runs that it has there,
 * or as a run of its own where it had nothing to do. A ledger that can't be written is no reason to fail.
 */
export async function recordRun({ settings, record, log }: CommandContext, exitCode: number): Promise<void> {
  if (record.leavesLedger || record.isRefused(exitCode)) return;
  try {
    if (!(await ledgerExists(settings))) return;
    const ledger = await openLedger(settings, { toWrite: true });
    try {
      const { id, command, words, counts, reasons, isInLedger, startedAt } = record;
      const report = { exit_code: exitCode, counts, reasons };
      if (isInLedger) await recordRunReport(ledger, id, report);
      else
        await insertEndedRun(ledger, systemClock, {
          ...report,
          command,
          started_at: startedAt,
          invocation: id,
          arguments: words,
        });
    } finally {
      await ledger.destroy();
    }
  } catch (error) {
    log.info({ error: errorRecord(error) }, 'the ledger has no record of how this run ended');
  }
}
