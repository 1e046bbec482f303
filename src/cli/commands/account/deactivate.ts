import type { Command } from 'commander';
import { accountJson } from '../../../report/ledger-json.ts';
import type { Runner } from '../../runner.ts';

export function accountDeactivate(account: Command, runner: Runner): void {
  const command = account
    .command('deactivate')
    .description('end an account at its CA for good; nothing may be open on it')
    .argument('[ID]', 'its number in the ledger (default: the one at --ca)')
    .option('--yes', 'it is meant: this cannot be undone');
  runner.bind<{ yes?: boolean }>(command, async (context, options, [key]) => {
    const { deactivateAccount } = await import('../../../run/accounts/deactivate-account.ts');
    const isSure = options.yes === true;
    const { account: row, wasEnded } = await deactivateAccount(context, key, { isSure });
    context.output.result(accountJson(row), ({ id, ca }) =>
      wasEnded
        ? `account ${id} at ${ca} was ended before`
        : `account ${id} at ${ca}: deactivated; nothing can be ordered on it any more`,
    );
    return 0;
  });
}
