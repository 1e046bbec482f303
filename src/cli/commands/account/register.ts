import { timeText } from '../../../clock.ts';
import type { Command } from 'commander';
import { accountText } from './account-text.ts';
import type { Runner } from '../../runner.ts';
import { accountJson } from '../../../report/ledger-json.ts';
import { counted } from '../../../printable.ts';

export function accountRegister(account: Command, runner: Runner): void {
  const command = account
    .command('register')
    .description(
      'register the account at the CA (issue does so by itself); asks the CA about one that is registered, ' +
        'makes a new one with a new key where the CA has ended it, and sets its e-mail address (--email)',
    );
  runner.bind(command, async (context) => {
    const { registerAccount } = await import('../../../run/accounts/register-account.ts');
    const { account, leftOpen } = await registerAccount(context);
    for (const { account: lost, pending, expiresUntil } of leftOpen) {
      const until = expiresUntil === null ? '' : `, the last at ${timeText(expiresUntil)}`;
      context.output.warn(
        `${counted(pending, 'authorization')} of account ${String(lost.id)}, which the CA has ended, can't be closed any more: they end by expiring${until}`,
        'nothing needs to be done: they count for the old account alone',
      );
    }
    context.output.result(accountJson(account), accountText);
    return 0;
  });
}
