import type { Command } from 'commander';
import type { Runner } from '../runner.ts';
import { statusText } from './status-text.ts';

export function status(program: Command, runner: Runner): void {
  const command = program
    .command('status')
    .description('the accounts at a glance: the gate, open authorizations, failing names, certificates due');
  runner.bind(command, async (context) => {
    const { statusOf } = await import('../../status/account-status.ts');
    context.output.result(await statusOf(context), statusText);
    return 0;
  });
}
