import type { Command } from 'commander';
import { parseDuration } from '../../duration.ts';
import type { ListChoice } from '../../report/lists/list-words.ts';
import { parseCount } from './parse-count.ts';
import { parseChoice, parseChoices } from './values.ts';

/** The options by which lists are asked. */
export interface ListOptions {
  status?: string;
  name?: string;
  olderThan?: string;
  sort?: string;
  limit?: string;
  csv?: boolean;
}

interface ListWords<Status, Sort> {
  statuses: readonly Status[];
  sorts: readonly Sort[];
}

export function addListOptions(
  command: Command,
  { statuses, sorts, olderThan }: ListWords<string, string> & { olderThan: string },
): Command {
  command
    .option('--status <S[,S]>', `only these: ${statuses.join(', ')}`)
    .option('--name <GLOB>', 'only names like this, as in *.example.com')
    .option('--older-than <DURATION>', olderThan);
  if (sorts.length > 0) command.option('--sort <FIELD>', `what comes first: ${sorts.join(', ')}`);
  return command.option('--limit <N>', 'at most that many').option('--csv', 'as CSV, with a head');
}

/** The checked choice. @throws AcmeLedgerError `usage` */
export function listChoice<Status extends string, Sort extends string>(
  { status, name, olderThan, sort, limit }: ListOptions,
  { statuses, sorts }: ListWords<Status, Sort>,
): ListChoice<Status, Sort> {
  return {
    statuses: status === undefined ? undefined : parseChoices(status, statuses, '--status'),
    nameLike: name,
    olderThanMs: olderThan === undefined ? null : parseDuration(olderThan, '--older-than'),
    sort: sort === undefined ? undefined : parseChoice(sort, sorts, '--sort'),
    limit: limit === undefined ? Infinity : parseCount(limit, '--limit'),
  };
}
