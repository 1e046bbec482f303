import { errorRecord } from '../../errors.ts';
import { namesToTell, recordTold, standingOf } from '../../ledger/names/failing-names.ts';
import type { AccountRow, IdentifierRow } from '../../ledger/schema.ts';
import type { NameStanding } from '../../ledger/states.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import type { NameHook } from '../../policies.ts';
import { printable } from '../../printable.ts';
import { nameHookEnvironment } from './name-hook-variables.ts';
import { hookFailure, runHook } from '../../system/hook-process.ts';
import { runVariable } from '../../system/orphaned-hooks.ts';
import type { Log } from '../../log-and-stops.ts';
import { endHooksOfDeadRuns } from '../ownership/taking-over.ts';

/** How long the hook may take: it may write a mail; a hook that waits for a person does so elsewhere. */
const timeoutMs = 60_000;

const events = {
  failing: 'name-failing',
  suspended: 'name-suspended',
  well: 'name-recovered',
} as const satisfies Record<NameStanding, string>;

/**
 * Tells the person's program of each name that fails, is suspended or is well again since the last call. The
 * ledger holds the standing that was last told: a call that failed, or that a killed run didn't come to, is
 * made up for by the next run.
 */
export async function tellOfNames(
  writer: LedgerWriter,
  account: AccountRow,
  hook: NameHook,
  { signal, log }: { signal: AbortSignal; log: Log },
): Promise<void> {
  const rows = await namesToTell(writer.ledger, account.id);
  // The hook of a killed run would tell, late, of a standing that has changed since.
  if (rows.length > 0) await endHooksOfDeadRuns(writer.ledger, log);
  for (const row of rows) {
    if (signal.aborted) return;
    const standing = standingOf(row);
    try {
      const failure = await run(account, hook, row, { runId: writer.runId, signal });
      if (failure === null) await recordTold(writer, row.id, standing);
      else log.warn({ name: row.value }, `the name hook "${printable(hook.command)}" ${failure}`);
    } catch (error) {
      log.warn({ name: row.value, error: errorRecord(error) }, 'the name hook could not be run');
      return;
    }
  }
}

/** Calls the hook for one name. @returns its failure, or null */
async function run(
  account: AccountRow,
  { command, directory }: NameHook,
  row: IdentifierRow,
  { runId, signal }: { runId: string; signal: AbortSignal },
): Promise<string | null> {
  const event = events[standingOf(row)];
  const result = await runHook({
    command,
    args: [event, row.value],
    directory,
    environment: {
      [runVariable]: runId,
      ...nameHookEnvironment(event, account, row),
    },
    timeoutMs,
    signal,
  });
  return hookFailure(result, timeoutMs);
}
