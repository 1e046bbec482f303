import type { Command } from 'commander';
import type { CheckLine, CheckSummary } from '../../ledger-check/check.ts';
import { systemClock } from '../../clock.ts';
import { usualLedgerUrl } from '../../ledger/ledger-url.ts';
import type { Runner } from '../runner.ts';
import type { Settings } from '../../settings/settings.ts';
import { counted } from '../../printable.ts';

export function ledgerCheck(group: Command, runner: Runner): void {
  const command = group
    .command('check')
    .description(
      'check the ledger against itself and the files that it tells of; mend what can be mended safely, tell the rest',
    )
    .option('--dry-run', 'only tell; nothing is mended');
  runner.bind<{ dryRun?: boolean }>(command, async ({ settings, output, stops }, options) => {
    const { openLedgerForCheck } = await import('../../run/open-ledger.ts');
    const { check } = await import('../../ledger-check/check.ts');
    const dryRun = options.dryRun === true;
    const under = await openLedgerForCheck(settings);
    try {
      const summary = await check(
        under,
        {
          stateDir: settings.stateDir,
          clock: systemClock,
          dryRun,
          globalOptions: optionsFor(settings),
          signal: stops.work,
        },
        (line) => {
          output.line(line, textOf);
        },
      );
      output.line({ summary }, () =>
        summaryText(summary, under.place, { dryRun, isWritable: under.isWritable }),
      );
      return summary.remaining > 0 ? 1 : 0;
    } finally {
      await under.close();
    }
  });
}

/** For a command to be pasted into another shell, where nothing else leads to this ledger. */
function optionsFor({ stateDir, ledgerUrl }: Settings): string[] {
  const isUsual = ledgerUrl === usualLedgerUrl(stateDir);
  return ['--state-dir', stateDir, ...(isUsual ? [] : ['--ledger', ledgerUrl])];
}

function textOf({ level, outcome, code, message, hint }: CheckLine): string[] {
  const first = `${level === 'note' ? 'note' : outcome}  ${code}: ${message}`;
  return hint === null || outcome === 'mended' ? [first] : [first, `  ${hint}`];
}

function summaryText(
  { rows, errors, notes, mended, remaining, incomplete }: CheckSummary,
  place: string,
  { dryRun, isWritable }: { dryRun: boolean; isWritable: boolean },
): string {
  const noted = notes === 0 ? '' : `; ${counted(notes, 'note')}`;
  const partly = incomplete ? '; not everything could be looked at' : '';
  const subject = `${place}: ${counted(rows, 'row')} checked`;
  if (errors === 0) return `${subject}, nothing is wrong${noted}${partly}`;
  const why = dryRun ? ' (--dry-run)' : isWritable ? '' : ' (the ledger can only be read here)';
  return `${subject}, ${String(errors)} wrong: ${String(mended)} mended, ${String(remaining)} left${why}${noted}${partly}`;
}
