import { toldOfNames } from '../names/tell-name-hook.ts';
import type { CommandContext } from '../run/run-context.ts';
import { runRenew } from './renew.ts';
import { reportMode, reported } from './report-file.ts';
import type { RenewOptions } from './work.ts';

/** How a run of `renew` is reported, as the command line has it. */
export interface ReportChoice {
  file: string | undefined;
  mode: string | undefined;
  hook: string | undefined;
}

/**
 * Renews the certificates that are due, and then tells the name hook and writes the report; a dry run does
 * neither.
 * @returns the exit code
 * @throws AcmeLedgerError `usage` before anything is done when the report can't be written
 */
export async function renewAndReport(
  context: CommandContext,
  options: RenewOptions,
  { file, mode, hook }: ReportChoice,
): Promise<number> {
  if (options.dryRun) return runRenew(context, options, { certificates: [], summary: null });
  const report = { file: file ?? null, mode: reportMode(mode, file), hook: hook ?? null };
  return reported(context, report, (record) =>
    toldOfNames(context, () => runRenew(context, options, record)),
  );
}
