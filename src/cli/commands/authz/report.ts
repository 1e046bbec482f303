import { timeText } from '../../../clock.ts';
import type { Command } from 'commander';
import { pendingOrders } from '../../../report/pending-order.ts';
import type { PendingName } from '../../../report/pending.ts';
import { parseChoice } from '../../options/values.ts';
import { csvLine } from '../../output/csv.ts';
import { writeList } from '../../output/list.ts';
import { durationText } from '../../output/wording.ts';
import type { Runner } from '../../runner.ts';

const formats = ['table', 'csv'] as const;

interface Options {
  format: string;
  sort: string;
}

export function authzReport(authz: Command, runner: Runner): void {
  const command = authz
    .command('report')
    .description(
      'what is pending, added up by name and client: how many, how old, when they expire (all accounts, unless --ca is given)',
    )
    .option('--format <FORMAT>', `${formats.join(' or ')}; --json for a line of JSON each`, 'table')
    .option('--sort <BY>', `what comes first: ${pendingOrders.join(', ')}`, 'pending');
  runner.bind<Options>(command, async (context, options) => {
    const format = parseChoice(options.format, formats, '--format');
    const order = parseChoice(options.sort, pendingOrders, '--sort');
    const { pendingNames } = await import('../../../report/pending.ts');
    const { output } = context;
    const names = await pendingNames(context, order);
    if (output.json || format === 'table') await writeList(output, names, head, cells);
    else {
      output.line(csvHead, csvLine);
      for (const name of names) {
        const values = csvHead.map((key) => name[key]);
        output.line(values, csvLine);
      }
    }
    return 0;
  });
}

const csvHead = [
  'name',
  'client',
  'pending',
  'unsubmitted',
  'oldestAt',
  'ageSeconds',
  'expiresFrom',
  'expiresUntil',
  'ca',
  'account',
] as const satisfies (keyof PendingName)[];

const head = ['NAME', 'CLIENT', 'PENDING', 'UNSUBMITTED', 'AGE', 'EXPIRES FROM', 'UNTIL', 'CA'];

function cells(row: PendingName): string[] {
  return [
    row.name ?? '?',
    row.client ?? '-',
    String(row.pending),
    String(row.unsubmitted),
    durationText(row.ageSeconds),
    timeText(row.expiresFrom).slice(0, 19),
    timeText(row.expiresUntil).slice(0, 19),
    row.ca,
  ];
}
