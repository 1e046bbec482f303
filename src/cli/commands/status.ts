import type { Command } from 'commander';
import type { Runner } from '../runner.ts';
import { checkText, statusText } from '../../status/status-text.ts';

export function status(program: Command, runner: Runner): void {
  const command = program
    .command('status')
    .description('the accounts at a glance: the gate, open authorizations, failing names, certificates due')
    .option(
      '--check',
      'for a monitor: one line, and exit 0 well, 1 something fails or waits, 2 something ends',
    );
  runner.bind<{ check?: boolean }>(command, async (context, { check }) => {
    const { statusOf, exitCodeOfCheck } = await import('../../status/account-status.ts');
    const status = await statusOf(context);
    context.output.result(status, check === true ? checkText : statusText);
    return check === true ? exitCodeOfCheck(status) : 0;
  });
}
