import type { Command } from 'commander';
import type { Runner } from '../../runner.ts';
import { accountText } from './account-text.ts';

export function accountShow(account: Command, runner: Runner): void {
  const command = account
    .command('show')
    .description('show one account')
    .argument('[ID]', 'its number in the ledger (default: the one at --ca)');
  runner.bind(command, async (context, _options, [key]) => {
    const { oneAccount } = await import('../../../report/accounts.ts');
    context.output.result(await oneAccount(context, key), accountText);
    return 0;
  });
}
