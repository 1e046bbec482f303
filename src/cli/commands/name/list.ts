import type { Command } from 'commander';
import { failingNameStatuses, nameSorts } from '../../../report/lists/list-words.ts';
import type { NameJson } from '../../../report/name-json.ts';
import { minuteOf } from '../../../report/due-text.ts';
import { reasonOf } from '../../../report/reason.ts';
import { shellWord } from '../../../shell-word.ts';
import { type ListOptions, addListOptions, listChoice } from '../../options/list-options.ts';
import { type Column, writeColumns } from '../../output/list.ts';
import type { Runner } from '../../runner.ts';

interface Options extends ListOptions {
  suspended?: boolean;
  due?: boolean;
}

const words = { statuses: failingNameStatuses, sorts: nameSorts };

export function nameList(name: Command, runner: Runner): void {
  const command = name
    .command('list')
    .description('list the names that fail, why, and when they are tried again')
    .option('--suspended', 'only those that no order names until they are mended or resumed')
    .option('--due', 'only those that the next renew tries');
  addListOptions(command, { ...words, olderThan: 'only those that have been failing for longer' });
  runner.bind<Options>(command, async (context, { suspended, due, ...options }) => {
    const asked = suspended === true ? { ...options, status: 'suspended' } : options;
    const choice = { ...listChoice(asked, words), due: due === true };
    const { namesThatFail } = await import('../../../report/failing-names.ts');
    const names = await namesThatFail(context, choice);
    const probes = context.settings.probe.everyMs !== null;
    await writeColumns(context.output, names, columnsFor(probes), options);
    return 0;
  });
}

function columnsFor(probes: boolean): readonly Column<NameJson>[] {
  return [
    { head: 'NAME', key: 'name', cell: ({ name }) => name },
    { head: 'STATUS', key: 'status', cell: ({ status }) => status, spare: 3 },
    {
      head: 'FAILURES',
      key: 'failures',
      cell: ({ failures }) => String(failures),
      value: ({ failures }) => failures,
      spare: 4,
    },
    {
      head: 'SINCE',
      key: 'failingSince',
      cell: ({ failingSince }) => minuteOf(failingSince),
      value: ({ failingSince }) => failingSince,
      spare: 2,
    },
    {
      head: 'NEXT ATTEMPT',
      key: 'nextAttemptAt',
      cell: (each) => attemptText(each, probes),
      value: ({ nextAttemptAt }) => nextAttemptAt,
      spare: 1,
    },
    { head: 'ERROR', key: 'error', cell: errorText, value: ({ error }) => reasonOf(error) },
  ];
}

/** When an order holds the name again. */
function attemptText({ status, isProbed, nextAttemptAt, unpauseUrl }: NameJson, probes: boolean): string {
  if (status === 'suspended' && unpauseUrl === null)
    return probes && isProbed ? 'when mended' : 'when resumed';
  return nextAttemptAt === null ? 'now' : minuteOf(nextAttemptAt);
}

function errorText({ name, unpauseUrl, error }: NameJson): string {
  return unpauseUrl === null
    ? reasonOf(error)
    : `paused by the CA; open ${unpauseUrl}, then: acme-ledger name resume ${shellWord(name)}`;
}
