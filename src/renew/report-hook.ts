import { systemClock } from '../clock.ts';
import { errorRecord } from '../errors.ts';
import { hookFailure, runHook } from '../system/hook-process.ts';
import { startRun } from '../issuance/ownership/lease.ts';
import { endHooksOfDeadRuns } from '../issuance/ownership/taking-over.ts';
import { runVariable } from '../system/orphaned-hooks.ts';
import type { CommandContext } from '../run/run-context.ts';
import { ledgerExists, openLedger } from '../run/open-ledger.ts';

/** The hook may send a mail, or copy the report somewhere. */
const timeoutMs = 5 * 60_000;

/** The environment of the command at the end of `renew`. */
export const finishVariables = {
  ACME_LEDGER_EXIT_CODE: 'the exit code of renew',
  ACME_LEDGER_REPORT: 'the file of --report; empty without',
} as const;

export interface ReportForHook {
  /** `--on-finish`: a shell command. */
  command: string;
  /** The report that the command reads from stdin. */
  report: string;
  /** Where the report was written; empty for nowhere. */
  file: string;
  exitCode: number;
}

/**
 * Runs the command of `--on-finish`. A failure of the command is warned of and changes nothing. @throws the
 * reason of `stops.work`
 */
export async function runReportHook(
  context: CommandContext,
  { command, report, file, exitCode }: ReportForHook,
): Promise<void> {
  const told: Record<keyof typeof finishVariables, string> = {
    ACME_LEDGER_EXIT_CODE: String(exitCode),
    ACME_LEDGER_REPORT: file,
  };
  const run = await startReportRun(context);
  try {
    const environment = { ...told, ...(run === null ? {} : { [runVariable]: run.id }) };
    const request = { command, args: [], environment, input: report, timeoutMs, signal: context.stops.work };
    const failure = hookFailure(await runHook(request), timeoutMs);
    if (failure !== null)
      context.output.warn(`the command of --on-finish ${failure}`, 'the certificates are not concerned');
  } finally {
    await run?.end();
  }
}

/**
 * Starts a run of the hook's own, because those of the certificates have ended: by it a later run finds the
 * hook and ends it, should this process be killed. Hooks that killed runs left are ended here.
 * @returns null where there is no ledger, or it can't be written: the hook is run all the same
 */
async function startReportRun({
  settings,
  log,
  record,
}: CommandContext): Promise<{ id: string; end: () => Promise<void> } | null> {
  try {
    if (!(await ledgerExists(settings))) return null;
    const ledger = await openLedger(settings, { toWrite: true });
    try {
      await endHooksOfDeadRuns(ledger, log);
      const run = await startRun(ledger, systemClock, 'report hook', record);
      const end = async (): Promise<void> => {
        await run.end().catch(() => undefined);
        await ledger.destroy().catch(() => undefined);
      };
      return { id: run.id, end };
    } catch (error) {
      await ledger.destroy();
      throw error;
    }
  } catch (error) {
    log.info({ error: errorRecord(error) }, 'the command of --on-finish has no run in the ledger');
    return null;
  }
}
