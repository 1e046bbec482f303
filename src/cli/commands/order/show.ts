import { timeText } from '../../../clock.ts';
import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import type { OrderShown } from '../../../report/orders.ts';
import type { Runner } from '../../runner.ts';

export function orderShow(order: Command, runner: Runner): void {
  const command = order
    .command('show')
    .description('show one order with its authorizations and history')
    .argument('<ID|NAME>', 'its number in the ledger, its URL, or one of its names');
  runner.bind(command, async (context, _options, [key = '']) => {
    const { oneOrder } = await import('../../../report/orders.ts');
    context.output.result(await oneOrder(context, key), textOf);
    return 0;
  });
}

function textOf(shown: OrderShown): string[] {
  return [
    `order ${String(shown.id)} for ${shown.certificateName}: ${shown.status}`,
    `  url    ${shown.url ?? 'none yet'}`,
    `  names  ${shown.names.join(' ')}`,
    ...(shown.error === null ? [] : [`  error  ${printable(shown.error.message)}`]),
    ...shown.authorizations.map(
      ({ id, identifier, status, challenge }) =>
        `  authorization ${String(id)}  ${identifier ?? '?'}  ${status}, challenge ${challenge}`,
    ),
    ...shown.history.map(({ at, kind }) => `  ${timeText(at)}  ${kind}`),
  ];
}
