import type { Command } from 'commander';
import type { AccountJson } from '../../../report/ledger-json.ts';
import { type Column, writeColumns } from '../../output/list.ts';
import type { Runner } from '../../runner.ts';

export function accountList(account: Command, runner: Runner): void {
  const command = account
    .command('list')
    .description('list the accounts in the ledger (of all CAs, unless --ca is given)')
    .option('--csv', 'as CSV, with a head');
  runner.bind<{ csv?: boolean }>(command, async (context, options) => {
    const { allAccounts } = await import('../../../report/accounts.ts');
    await writeColumns(context.output, await allAccounts(context), columns, options);
    return 0;
  });
}

const columns: readonly Column<AccountJson>[] = [
  { head: 'ID', key: 'id', cell: ({ id }) => String(id), value: ({ id }) => id },
  { head: 'CA', key: 'ca', cell: ({ ca }) => ca },
  { head: 'STATUS', key: 'status', cell: ({ status }) => status },
  { head: 'FOR', key: 'purpose', cell: ({ purpose }) => purpose, spare: 1 },
  { head: 'URL', key: 'url', cell: ({ url }) => url ?? '' },
  { head: 'EMAIL', key: 'email', cell: ({ email }) => email ?? '', spare: 2 },
];
