import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import { orderStatuses } from '../../../ledger/states.ts';
import { printable } from '../../../printable.ts';
import { eventJson } from '../authz/show.ts';
import { accountsAtCa } from '../../../run/accounts/chosen-account.ts';
import { parseChoices } from '../../options/values.ts';
import { parseCount } from '../../options/parse-count.ts';
import type { Runner } from '../../runner.ts';
import { authorizationJson, orderJson } from '../../../report/shapes.ts';
import { shortened } from '../../output/wording.ts';

/** `order list` and `order show`. */
export function orderCommands(order: Command, runner: Runner): void {
  orderList(order, runner);
  orderShow(order, runner);
}

function orderList(order: Command, runner: Runner): void {
  const command = order
    .command('list')
    .description('list orders, newest first')
    .option('--status <S[,S]>', `only these: ${orderStatuses.join(', ')}`)
    .option('--limit <N>', 'at most that many');
  runner.bind<{ status?: string; limit?: string }>(command, async (context, options) => {
    const statuses =
      options.status === undefined ? undefined : parseChoices(options.status, orderStatuses, '--status');
    const limit = options.limit === undefined ? undefined : parseCount(options.limit, '--limit');
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { listOrders } = await import('../../../ledger/orders/order-queries.ts');
    return withLedger(context.settings, async (ledger) => {
      const accountIds = await accountsAtCa(context, ledger);
      const rows = await listOrders(ledger, {
        ...(accountIds === null ? {} : { accountIds }),
        ...(statuses === undefined ? {} : { statuses }),
        ...(limit === undefined ? {} : { limit }),
      });
      const shown = rows.map(orderJson);
      if (context.output.json)
        shown.forEach((row) => {
          context.output.line(row, () => '');
        });
      else if (shown.length > 0) {
        await context.output.table(
          ['ID', 'CERTIFICATE', 'STATUS', 'NAMES', 'CREATED', 'ERROR'],
          shown.map((row) => [
            String(row.id),
            row.certificateName,
            row.status,
            String(row.names.length),
            row.createdAt.slice(0, 19),
            shortened(row.error?.message ?? ''),
          ]),
        );
      }
      return 0;
    });
  });
}

function orderShow(order: Command, runner: Runner): void {
  const command = order
    .command('show')
    .description('show one order with its authorizations and history')
    .argument('<ID>', 'its number in the ledger');
  runner.bind(command, async (context, _options, [key = '']) => {
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { orderById, orderByUrl } = await import('../../../ledger/orders/orders.ts');
    const { authorizationsOf } = await import('../../../ledger/authorizations/authorizations.ts');
    const { listedAuthorization } = await import('../../../ledger/authorizations/authorization-list.ts');
    const { eventsOf } = await import('../../../ledger/events.ts');
    return withLedger(context.settings, async (ledger) => {
      const row = await (/^[0-9]+$/.test(key) ? orderById(ledger, Number(key)) : orderByUrl(ledger, key));
      if (row === undefined) {
        throw new AcmeLedgerError('not-found', `the ledger has no order ${printable(key)}`, {
          hint: 'acme-ledger order list shows those that it has',
        });
      }
      const held = await authorizationsOf(ledger, row.id);
      const listed = await Promise.all(held.map(({ id }) => listedAuthorization(ledger, { id })));
      const shown = {
        ...orderJson(row),
        authorizations: listed.flatMap((one) => (one === undefined ? [] : [authorizationJson(one)])),
        history: (await eventsOf(ledger, { orderId: row.id })).map(eventJson),
      };
      context.output.result(shown, () => [
        `order ${String(shown.id)} for ${shown.certificateName}: ${shown.status}`,
        `  url    ${shown.url ?? 'none yet'}`,
        `  names  ${shown.names.join(' ')}`,
        ...(shown.error === null ? [] : [`  error  ${printable(shown.error.message)}`]),
        ...shown.authorizations.map(
          (one) =>
            `  authorization ${String(one.id)}  ${one.identifier ?? '?'}  ${one.status}, challenge ${one.challenge}`,
        ),
        ...shown.history.map((event) => `  ${event.at}  ${event.kind}`),
      ]);
      return 0;
    });
  });
}
