import type { Command } from 'commander';
import { parseDuration } from '../duration.ts';
import { authorizationStatuses } from '../ledger/states.ts';
import type { AuthorizationFilter, ListedAuthorization } from '../ledger/authorization-list.ts';
import { chosenAccount } from './chosen-account.ts';
import { parseChoices } from './parse-choices.ts';
import { parseCount } from './parse-count.ts';
import type { Runner } from './runner.ts';
import { authorizationJson, shownName } from './shapes.ts';

interface Options {
  status?: string;
  unsubmitted?: boolean;
  name?: string;
  olderThan?: string;
  limit?: string;
}

export function authzList(authz: Command, runner: Runner): void {
  const command = authz
    .command('list')
    .description('list authorizations, newest first (all accounts, unless --ca is given)')
    .option('--status <S[,S]>', `only these: ${authorizationStatuses.join(', ')}`)
    .option('--unsubmitted', 'only pending ones whose challenge was never submitted')
    .option('--name <GLOB>', 'only names like this, as in *.example.com')
    .option('--older-than <DURATION>', 'only ones made longer ago')
    .option('--limit <N>', 'at most that many');
  runner.bind<Options>(command, async (context, options) => {
    const statuses =
      options.status === undefined
        ? undefined
        : parseChoices(options.status, authorizationStatuses, '--status');
    const limit = options.limit === undefined ? Infinity : parseCount(options.limit, '--limit');
    const olderThanMs =
      options.olderThan === undefined ? null : parseDuration(options.olderThan, '--older-than');
    const matches = options.name === undefined ? () => true : globMatcher(options.name);
    const { withLedger } = await import('./ledger-opening.ts');
    const { listAuthorizations } = await import('../ledger/authorization-list.ts');
    return withLedger(context.settings, async (ledger) => {
      const accountId = await chosenAccount(context, ledger);
      const filter: AuthorizationFilter = {
        ...(accountId === null ? {} : { accountId }),
        ...(statuses === undefined ? {} : { statuses }),
        ...(options.unsubmitted === true ? { unsubmitted: true } : {}),
        ...(olderThanMs === null ? {} : { createdBefore: new Date(Date.now() - olderThanMs) }),
      };
      const shown: ListedAuthorization[] = [];
      let count = 0;
      for await (const row of listAuthorizations(ledger, filter)) {
        if (count >= limit) break;
        if (!matches(shownName(row))) continue;
        count += 1;
        if (context.output.json) context.output.line(authorizationJson(row), () => '');
        else shown.push(row);
      }
      if (!context.output.json && shown.length > 0) await context.output.table(head, shown.map(cells));
      return 0;
    });
  });
}

const head = ['ID', 'NAME', 'STATUS', 'CHALLENGE', 'CREATED', 'EXPIRES', 'ORDERS'];

function cells(row: ListedAuthorization): string[] {
  return [
    String(row.id),
    shownName(row),
    row.refused_at === null ? row.status : `${row.status} (refused)`,
    row.challenge_type === null ? row.challenge : `${row.challenge} ${row.challenge_type}`,
    row.created_at.slice(0, 19),
    row.expires_at?.slice(0, 19) ?? '',
    row.orderIds.join(' '),
  ];
}

/** `*` is any text, `?` one character; a name's own `*.` is matched by `*`, too. */
function globMatcher(glob: string): (name: string) => boolean {
  const pattern = glob
    .toLowerCase()
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${pattern}$`);
  return (name) => expression.test(name);
}
