import type { Command } from 'commander';
import type { OpenName } from '../../../ledger/authorizations/pending-report.ts';
import { accountsAtCa } from '../../../run/accounts/chosen-account.ts';
import type { CommandContext } from '../../../run/run-context.ts';
import { csvLine } from '../../output/csv.ts';
import { parseChoice } from '../../options/values.ts';
import type { Runner } from '../../runner.ts';
import { durationText } from '../../output/wording.ts';

const formats = ['table', 'csv'] as const;
const sortings = ['pending', 'name', 'age', 'client', 'expiry'] as const;

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
    .option('--sort <BY>', `what comes first: ${sortings.join(', ')}`, 'pending');
  runner.bind<Options>(command, async (context, options) => {
    const format = parseChoice(options.format, formats, '--format');
    const sorting = parseChoice(options.sort, sortings, '--sort');
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { openNames } = await import('../../../ledger/authorizations/pending-report.ts');
    return withLedger(context.settings, async (ledger) => {
      const names = await openNames(ledger, await accountsAtCa(context, ledger));
      await show(context, names.sort(orders[sorting]), format);
      return 0;
    });
  });
}

const orders = {
  pending: (one, other) => other.pending - one.pending || byName(one, other),
  name: byName,
  age: (one, other) => compared(one.oldestAt, other.oldestAt) || byName(one, other),
  client: (one, other) => compared(one.client ?? '', other.client ?? '') || byName(one, other),
  expiry: (one, other) => compared(one.expiresFrom ?? '~', other.expiresFrom ?? '~') || byName(one, other),
} as const satisfies Record<(typeof sortings)[number], (one: OpenName, other: OpenName) => number>;

function byName(one: OpenName, other: OpenName): number {
  return compared(one.name ?? '', other.name ?? '');
}

function compared(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

async function show(
  { output }: CommandContext,
  names: readonly OpenName[],
  format: (typeof formats)[number],
): Promise<void> {
  const now = Date.now();
  const rows = names.map((each) => ({
    ...each,
    ageSeconds: Math.max(0, Math.round((now - Date.parse(each.oldestAt)) / 1000)),
  }));
  if (output.json) rows.forEach((row) => output.line(row, () => ''));
  else if (format === 'csv') {
    output.line(csvHead, csvLine);
    for (const row of rows)
      output.line(
        csvHead.map((key) => row[key]),
        csvLine,
      );
  } else if (rows.length > 0) {
    await output.table(head, rows.map(cells));
  }
}

type Row = OpenName & { ageSeconds: number };

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
] as const satisfies (keyof Row)[];

const head = ['NAME', 'CLIENT', 'PENDING', 'UNSUBMITTED', 'AGE', 'EXPIRES FROM', 'UNTIL', 'CA'];

function cells(row: Row): string[] {
  return [
    row.name ?? '?',
    row.client ?? '-',
    String(row.pending),
    String(row.unsubmitted),
    durationText(row.ageSeconds),
    row.expiresFrom?.slice(0, 19) ?? '',
    row.expiresUntil?.slice(0, 19) ?? '',
    row.ca,
  ];
}
