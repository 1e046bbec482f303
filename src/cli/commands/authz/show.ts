import type { Command } from 'commander';
import { AcmeLedgerError } from '../../../errors.ts';
import type { EventRow } from '../../../ledger/schema.ts';
import { printable } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';
import { authorizationJson, shownName } from '../../../report/shapes.ts';

export function authzShow(authz: Command, runner: Runner): void {
  const command = authz
    .command('show')
    .description('show one authorization with its history')
    .argument('<ID|URL>', 'its number in the ledger, or its URL');
  runner.bind(command, async (context, _options, [key = '']) => {
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { listedAuthorization } = await import('../../../ledger/authorizations/authorization-list.ts');
    const { eventsOf } = await import('../../../ledger/events.ts');
    return withLedger(context.settings, async (ledger) => {
      const row = await listedAuthorization(
        ledger,
        /^[0-9]+$/.test(key) ? { id: Number(key) } : { url: key },
      );
      if (row === undefined) {
        throw new AcmeLedgerError('not-found', `the ledger has no authorization ${printable(key)}`, {
          hint: 'acme-ledger authz list shows those that it has',
        });
      }
      const history = await eventsOf(ledger, { authorizationId: row.id });
      context.output.result({ ...authorizationJson(row), history: history.map(eventJson) }, (shown) => [
        `${shownName(row)}: ${shown.status}, challenge ${shown.challenge}`,
        `  url      ${shown.url}`,
        `  ca       ${shown.ca}`,
        `  orders   ${shown.orders.join(' ')}`,
        `  created  ${shown.createdAt}`,
        `  checked  ${shown.checkedAt ?? 'never'}`,
        `  expires  ${shown.expiresAt ?? 'unknown'}`,
        ...(shown.error === null ? [] : [`  error    ${printable(shown.error.message)}`]),
        ...shown.history.map(
          (event) =>
            `  ${event.at}  ${event.kind}${event.data === null ? '' : ` ${JSON.stringify(event.data)}`}`,
        ),
      ]);
      return 0;
    });
  });
}

export function eventJson(event: EventRow): { at: string; kind: string; run: string | null; data: unknown } {
  return {
    at: event.at,
    kind: event.kind,
    run: event.run_id,
    data: event.data === null ? null : (JSON.parse(event.data) as unknown),
  };
}
