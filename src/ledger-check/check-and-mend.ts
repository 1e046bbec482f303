import { systemClock } from '../clock.ts';
import { usualLedgerUrl } from '../ledger/ledger-url.ts';
import { openLedgerForCheck } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Settings } from '../settings/settings.ts';
import { type CheckLine, type CheckSummary, check } from './check.ts';

export interface CheckEnd {
  summary: CheckSummary;
  /** The ledger that was checked, for a person. */
  place: string;
  isWritable: boolean;
}

/** Checks the ledger of the settings as it is found, and mends it unless `dryRun`. @param tell called for each finding */
export async function checkAndMend(
  { settings, stops, record }: CommandContext,
  { dryRun }: { dryRun: boolean },
  tell: (line: CheckLine) => void,
): Promise<CheckEnd> {
  record.leavesLedger = true;
  const under = await openLedgerForCheck(settings);
  try {
    const options = {
      stateDir: settings.stateDir,
      clock: systemClock,
      dryRun,
      globalOptions: optionsFor(settings),
      signal: stops.work,
    };
    const summary = await check(under, options, tell);
    record.leavesLedger = summary.mended === 0;
    return { summary, place: under.place, isWritable: under.isWritable };
  } finally {
    await under.close();
  }
}

/** For a command to be pasted into another shell, where nothing else leads to this ledger. */
function optionsFor({ stateDir, ledgerUrl }: Settings): string[] {
  const isUsual = ledgerUrl === usualLedgerUrl(stateDir);
  return ['--state-dir', stateDir, ...(isUsual ? [] : ['--ledger', ledgerUrl])];
}
