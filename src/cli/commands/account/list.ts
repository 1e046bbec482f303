import type { Command } from 'commander';
import { writeList } from '../../output/list.ts';
import type { Runner } from '../../runner.ts';

export function accountList(account: Command, runner: Runner): void {
  const command = account.command('list').description('list the accounts in the ledger');
  runner.bind(command, async (context) => {
    const { allAccounts } = await import('../../../report/accounts.ts');
    const head = ['ID', 'CA', 'STATUS', 'FOR', 'URL', 'EMAIL'];
    await writeList(
      context.output,
      await allAccounts(context),
      head,
      ({ id, ca, status, purpose, url, email }) => [String(id), ca, status, purpose, url ?? '', email ?? ''],
    );
    return 0;
  });
}
