import type { Command } from 'commander';
import { parseDuration } from '../../../duration.ts';
import { authorizationStatuses } from '../../../ledger/states.ts';
import type { NamedAuthorization } from '../../../report/authorizations.ts';
import { parseCount } from '../../options/parse-count.ts';
import { parseChoice, parseChoices } from '../../options/values.ts';
import { csvLine } from '../../output/csv.ts';
import type { Runner } from '../../runner.ts';
import { csvCells, csvHead, tableOf } from './list-text.ts';

const formats = ['table', 'csv'] as const;

interface Options {
  status?: string;
  unsubmitted?: boolean;
  name?: string;
  olderThan?: string;
  limit?: string;
  format: string;
  csv?: boolean;
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
    .option('--format <FORMAT>', `${formats.join(' or ')}; --json for a line of JSON each`, 'table')
    .option('--csv', 'as --format csv');
  runner.bind<Options>(command, async ({ output, ...context }, options) => {
    const choice = {
      statuses:
        options.status === undefined
          ? undefined
          : parseChoices(options.status, authorizationStatuses, '--status'),
      limit: options.limit === undefined ? Infinity : parseCount(options.limit, '--limit'),
      unsubmitted: options.unsubmitted === true,
      nameLike: options.name,
    };
    const format = parseChoice(options.format, formats, '--format');
    const olderThanMs =
      options.olderThan === undefined ? null : parseDuration(options.olderThan, '--older-than');
    const { eachAuthorization } = await import('../../../report/authorizations.ts');
    const isCsv = (format === 'csv' || options.csv === true) && !output.json;
    const listed: NamedAuthorization[] = [];
    let isBegun = false;
    const begin = (): void => {
      if (isCsv && !isBegun) output.line(csvHead, csvLine);
      isBegun = true;
    };
    await eachAuthorization({ output, ...context }, { ...choice, olderThanMs }, (named) => {
      begin();
      if (output.json) output.line(named.authorization, () => '');
      else if (isCsv) output.line(csvCells(named), csvLine);
      else listed.push(named);
    });
    // Only now, where there are none: a ledger that can't be opened has no list.
    begin();
    if (listed.length > 0) await output.table(...tableOf(listed));
    return 0;
  });
}
