import type { Command } from 'commander';
import { orderStatuses } from '../../../ledger/states.ts';
import { minuteOf } from '../../../report/due-text.ts';
import type { OrderJson } from '../../../report/ledger-json.ts';
import { reasonOf } from '../../../report/reason.ts';
import { type ListOptions, addListOptions, listChoice } from '../../options/list-options.ts';
import { type Column, writeColumns } from '../../output/list.ts';
import type { Runner } from '../../runner.ts';

const words = { statuses: orderStatuses, sorts: [] };

export function orderList(order: Command, runner: Runner): void {
  const command = order
    .command('list')
    .description('list orders, newest first (all accounts, unless --ca is given)');
  addListOptions(command, { ...words, olderThan: 'only ones made longer ago' });
  runner.bind<ListOptions>(command, async (context, options) => {
    const choice = listChoice(options, words);
    const { chosenOrders } = await import('../../../report/orders.ts');
    await writeColumns(context.output, await chosenOrders(context, choice), columns, options);
    return 0;
  });
}

const columns: readonly Column<OrderJson>[] = [
  { head: 'ID', key: 'id', cell: ({ id }) => String(id), value: ({ id }) => id },
  { head: 'CERTIFICATE', key: 'certificateName', cell: ({ certificateName }) => certificateName },
  { head: 'STATUS', key: 'status', cell: ({ status }) => status },
  {
    head: 'NAMES',
    key: 'names',
    cell: ({ names }) => String(names.length),
    value: ({ names }) => names.join(' '),
    spare: 2,
  },
  {
    head: 'CREATED',
    key: 'createdAt',
    cell: ({ createdAt }) => minuteOf(createdAt),
    value: ({ createdAt }) => createdAt,
    spare: 1,
  },
  { head: 'ERROR', key: 'error', cell: ({ error }) => reasonOf(error) },
];
