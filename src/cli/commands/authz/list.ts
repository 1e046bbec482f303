import type { Command } from 'commander';
import { parseDuration } from '../../../duration.ts';
import { nameProven } from '../../../ledger/authorizations/authorizations.ts';
import { authorizationStatuses } from '../../../ledger/states.ts';
import type {
  AuthorizationFilter,
  ListedAuthorization,
} from '../../../ledger/authorizations/authorization-list.ts';
import { accountsAtCa } from '../../../run/accounts/chosen-account.ts';
import { csvLine } from '../../output/csv.ts';
import { parseChoice, parseChoices } from '../../options/values.ts';
import { parseCount } from '../../options/parse-count.ts';
import type { Runner } from '../../runner.ts';
import { authorizationJson, shownName } from '../../../report/shapes.ts';

const formats = ['table', 'csv'] as const;

interface Options {
  status?: string;
  unsubmitted?: boolean;
  name?: string;
  olderThan?: string;
  limit?: string;
  format: string;
}

export function authzList(authz: Command, runner: Runner): void {
  const command = authz
    .command('list')
    .description('list authorizations, newest first (all accounts, unless --ca is given)')
    .option('--status <S[,S]>', `only these: ${authorizationStatuses.join(', ')}`)
    .option('--unsubmitted', 'only pending ones whose challenge was never submitted')
    .option('--name <GLOB>', 'only names like this, as in *.example.com')
    .option('--older-than <DURATION>', 'only ones made longer ago')
    .option('--limit <N>', 'at most that many')
    .option('--format <FORMAT>', `${formats.join(' or ')}; --json for a line of JSON each`, 'table');
  runner.bind<Options>(command, async (context, options) => {
    const statuses =
      options.status === undefined
        ? undefined
        : parseChoices(options.status, authorizationStatuses, '--status');
    const limit = options.limit === undefined ? Infinity : parseCount(options.limit, '--limit');
    const format = parseChoice(options.format, formats, '--format');
    const olderThanMs =
      options.olderThan === undefined ? null : parseDuration(options.olderThan, '--older-than');
    const matches = options.name === undefined ? () => true : globMatcher(options.name);
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { listAuthorizations } = await import('../../../ledger/authorizations/authorization-list.ts');
    return withLedger(context.settings, async (ledger) => {
      const accountIds = await accountsAtCa(context, ledger);
      const filter: AuthorizationFilter = {
        ...(accountIds === null ? {} : { accountIds }),
        ...(statuses === undefined ? {} : { statuses }),
        ...(options.unsubmitted === true ? { unsubmitted: true } : {}),
        ...(olderThanMs === null ? {} : { createdBefore: new Date(Date.now() - olderThanMs) }),
      };
      const shown: ListedAuthorization[] = [];
      let count = 0;
      const isCsv = format === 'csv' && !context.output.json;
      if (isCsv) context.output.line(csvHead, csvLine);
      for await (const row of listAuthorizations(ledger, filter)) {
        if (count >= limit) break;
        if (!matches(shownName(row))) continue;
        count += 1;
        if (context.output.json) context.output.line(authorizationJson(row), () => '');
        else if (isCsv) context.output.line(csvCells(row), csvLine);
        else shown.push(row);
      }
      if (shown.length > 0) await context.output.table(...tableOf(shown));
      return 0;
    });
  });
}

const csvHead = [
  'id',
  'name',
  'status',
  'challenge',
  'createdAt',
  'expiresAt',
  'source',
  'client',
  'logFile',
  'loggedAt',
  'ca',
  'url',
];

function csvCells(row: ListedAuthorization): (string | number | null)[] {
  return [
    row.id,
    nameProven(row),
    row.status,
    row.challenge,
    row.created_at,
    row.expires_at,
    row.source,
    row.client,
    row.log_file,
    row.logged_at,
    row.ca,
    row.url,
  ];
}

/** Most ledgers know of no other client. */
function tableOf(rows: readonly ListedAuthorization[]): [string[], string[][]] {
  const hasClients = rows.some(({ client }) => client !== null);
  const client = (cell: string): string[] => (hasClients ? [cell] : []);
  return [
    [...head, ...client('CLIENT'), 'ORDERS'],
    rows.map((row) => [...cells(row), ...client(row.client ?? ''), row.orderIds.join(' ')]),
  ];
}

const head = ['ID', 'NAME', 'STATUS', 'CHALLENGE', 'CREATED', 'EXPIRES'];

function cells(row: ListedAuthorization): string[] {
  return [
    String(row.id),
    shownName(row),
    row.refused_at === null ? row.status : `${row.status} (refused)`,
    row.challenge_type === null ? row.challenge : `${row.challenge} ${row.challenge_type}`,
    row.created_at.slice(0, 19),
    row.expires_at?.slice(0, 19) ?? '',
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
