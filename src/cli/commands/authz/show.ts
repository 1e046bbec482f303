import { timeText } from '../../../clock.ts';
import type { Command } from 'commander';
import { printable } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';

export function authzShow(authz: Command, runner: Runner): void {
  const command = authz
    .command('show')
    .description('show one authorization with its history')
    .argument('<ID|URL|NAME>', 'its number in the ledger, its URL, or its name');
  runner.bind(command, async (context, _options, [key = '']) => {
    const { oneAuthorization } = await import('../../../report/authorizations.ts');
    const { authorization, name, history } = await oneAuthorization(context, key);
    context.output.result({ ...authorization, history }, (shown) => [
      `${name ?? '?'}: ${shown.status}, challenge ${shown.challenge}`,
      `  url      ${shown.url}`,
      `  ca       ${shown.ca}`,
      `  orders   ${shown.orders.join(' ')}`,
      `  created  ${timeText(shown.createdAt)}`,
      `  checked  ${timeText(shown.checkedAt, 'never')}`,
      `  expires  ${timeText(shown.expiresAt, 'unknown')}`,
      ...(shown.error === null ? [] : [`  error    ${printable(shown.error.message)}`]),
      ...history.map(
        ({ at, kind, data }) =>
          `  ${timeText(at)}  ${kind}${data === null ? '' : ` ${JSON.stringify(data)}`}`,
      ),
    ]);
    return 0;
  });
}
