import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';

export function certResume(cert: Command, runner: Runner): void {
  const command = cert
    .command('resume')
    .description('end the pause of certificates: renew orders them again when they are due; nothing is sent')
    .argument('<NAME...>', 'their names, as cert list shows them');
  runner.bind(command, async (context, _options, names) => {
    const { resumeWanted } = await import('../../../wanted/pause.ts');
    for (const resumed of await resumeWanted(context, names)) {
      const what = resumed.resumed ? 'resumed: the next renew orders it when it is due' : 'was not paused';
      context.output.line(resumed, () => `${printable(resumed.name)}: ${what}`);
    }
    return 0;
  });
}
