import type { Command } from 'commander';
import type { Runner } from '../../runner.ts';
import { runText } from './runs-text.ts';

export function runsShow(runs: Command, runner: Runner): void {
  const command = runs
    .command('show')
    .description('show one run: what it was asked, what became of each certificate, and why')
    .argument('<ID>', 'its ID in runs list, or the beginning of it');
  runner.bind(command, async (context, _options, [key = '']) => {
    const { oneRun } = await import('../../../run/recorded-runs.ts');
    context.output.result(await oneRun(context, key), runText);
    return 0;
  });
}
