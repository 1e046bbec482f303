import type { Command } from 'commander';
import { nameText } from '../../../report/texts/name-text.ts';
import type { Runner } from '../../runner.ts';

export function nameShow(name: Command, runner: Runner): void {
  const command = name
    .command('show')
    .description(
      'show one name: its failures, what the CA said, which certificates want it, and what comes next',
    )
    .argument('<NAME>', 'as it is typed: a wildcard and unicode, too');
  runner.bind(command, async (context, _options, [typed = '']) => {
    const { oneName } = await import('../../../report/name-shown.ts');
    context.output.result(await oneName(context, typed), nameText);
    return 0;
  });
}
