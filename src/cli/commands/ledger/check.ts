import type { Command } from 'commander';
import type { CheckEnd } from '../../../ledger-check/check-and-mend.ts';
import type { CheckLine } from '../../../ledger-check/check.ts';
import { counted } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';

export function ledgerCheck(group: Command, runner: Runner): void {
  const command = group
    .command('check')
    .description(
      'check the ledger against itself and the files that it tells of; mend what can be mended safely, tell the rest',
    )
    .option('--dry-run', 'only tell; nothing is mended');
  runner.bind<{ dryRun?: boolean }>(command, async (context, options) => {
    const { checkAndMend } = await import('../../../ledger-check/check-and-mend.ts');
    const { output } = context;
    const dryRun = options.dryRun === true;
    const end = await checkAndMend(context, { dryRun }, (line) => output.line(line, textOf));
    const { summary } = end;
    output.line({ summary }, () => summaryText(end, dryRun));
    return summary.remaining > 0 ? 1 : 0;
  });
}

function textOf({ level, outcome, code, message, hint }: CheckLine): string[] {
  const first = `${level === 'note' ? 'note' : outcome}  ${code}: ${message}`;
  return hint === null || outcome === 'mended' ? [first] : [first, `  ${hint}`];
}

function summaryText({ summary, place, isWritable }: CheckEnd, dryRun: boolean): string {
  const { rows, errors, notes, mended, remaining, incomplete } = summary;
  const noted = notes === 0 ? '' : `; ${counted(notes, 'note')}`;
  const partly = incomplete ? '; not everything could be looked at' : '';
  const subject = `${place}: ${counted(rows, 'row')} checked`;
  if (errors === 0) return `${subject}, nothing is wrong${noted}${partly}`;
  const why = dryRun ? ' (--dry-run)' : isWritable ? '' : ' (the ledger can only be read here)';
  return `${subject}, ${String(errors)} wrong: ${String(mended)} mended, ${String(remaining)} left${why}${noted}${partly}`;
}
