import type { Command } from 'commander';
import { parseCount } from '../../options/parse-count.ts';
import { type Column, writeColumns } from '../../output/list.ts';
import type { RunJson } from '../../../run/recorded-runs.ts';
import type { Runner } from '../../runner.ts';
import { countsText, endingText, reasonsText, tookText } from './runs-text.ts';

export function runsList(runs: Command, runner: Runner): void {
  const command = runs
    .command('list')
    .description('list what ran, how it ended and why, newest first')
    .option('--limit <N>', 'at most that many', '20');
  runner.bind<{ limit: string }>(command, async (context, options) => {
    const limit = parseCount(options.limit, '--limit');
    const { latestRuns } = await import('../../../run/recorded-runs.ts');
    await writeColumns(context.output, await latestRuns(context, limit), columns, {});
    return 0;
  });
}

const columns: readonly Column<RunJson>[] = [
  { head: 'ID', cell: ({ id }) => id.slice(0, 8) },
  { head: 'STARTED', cell: ({ startedAt }) => startedAt.slice(0, 19) },
  { head: 'TOOK', cell: tookText, spare: 2 },
  { head: 'COMMAND', cell: ({ command }) => command },
  { head: 'ENDED', cell: endingText },
  { head: 'COUNTS', cell: countsText, spare: 1 },
  { head: 'WHY', cell: (run) => reasonsText(run)[0] ?? '' },
];
