import type { Command } from 'commander';
import { systemClock, timeText } from '../../../clock.ts';
import { printable } from '../../../printable.ts';
import { pausedText } from '../../../report/paused-text.ts';
import { shellWord } from '../../../shell-word.ts';
import { parseMoment } from '../../options/moment.ts';
import type { Runner } from '../../runner.ts';

export function certPause(cert: Command, runner: Runner): void {
  const command = cert
    .command('pause')
    .description('leave certificates wanted and order nothing for them; nothing is sent')
    .argument('<NAME...>', 'their names, as cert list shows them')
    .option('--until <WHEN>', 'a date, a time or a duration; without it until cert resume');
  runner.bind<{ until?: string }>(command, async (context, { until }, names) => {
    const end = until === undefined ? null : parseMoment(until, '--until', systemClock.now());
    const { pauseWanted } = await import('../../../wanted/pause.ts');
    for (const paused of await pauseWanted(context, names, end)) {
      const name = printable(paused.name);
      const valid = paused.notAfter === null ? 'none is stored' : `valid until ${timeText(paused.notAfter)}`;
      context.output.line(paused, () => [
        `${name}: ${pausedText(paused.paused)}; what is stored: ${valid}`,
        `  nothing is ordered for it meanwhile; acme-ledger cert resume ${shellWord(name)} ends the pause`,
      ]);
    }
    return 0;
  });
}
