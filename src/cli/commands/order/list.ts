import type { Command } from 'commander';
import { orderStatuses } from '../../../ledger/states.ts';
import { parseCount } from '../../options/parse-count.ts';
import { parseChoices } from '../../options/values.ts';
import { writeList } from '../../output/list.ts';
import { shortened } from '../../output/wording.ts';
import type { Runner } from '../../runner.ts';

export function orderList(order: Command, runner: Runner): void {
  const command = order
    .command('list')
    .description('list orders, newest first')
    .option('--status <S[,S]>', `only these: ${orderStatuses.join(', ')}`)
    .option('--limit <N>', 'at most that many');
  runner.bind<{ status?: string; limit?: string }>(command, async (context, options) => {
    const statuses =
      options.status === undefined ? undefined : parseChoices(options.status, orderStatuses, '--status');
    const limit = options.limit === undefined ? undefined : parseCount(options.limit, '--limit');
    const { chosenOrders } = await import('../../../report/orders.ts');
    const orders = await chosenOrders(context, { statuses, limit });
    const head = ['ID', 'CERTIFICATE', 'STATUS', 'NAMES', 'CREATED', 'ERROR'];
    await writeList(context.output, orders, head, (each) => [
      String(each.id),
      each.certificateName,
      each.status,
      String(each.names.length),
      each.createdAt.slice(0, 19),
      shortened(each.error?.message ?? ''),
    ]);
    return 0;
  });
}
