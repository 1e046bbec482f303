import type { Command } from 'commander';
import { AcmeLedgerError } from '../../errors.ts';
import { parseDuration } from '../../duration.ts';
import { parseCount } from '../options/parse-count.ts';
import type { Runner } from '../runner.ts';

interface Options {
  staging?: boolean;
  concurrency: string;
  limit?: string;
  maxTime?: string;
  splay?: string;
  wait?: string;
  yes?: boolean;
  all?: boolean;
  dryRun?: boolean;
  byDay?: boolean;
  report?: string;
  reportMode?: string;
  onFinish?: string;
  rehearse?: boolean;
  check?: boolean;
}

export function renew(program: Command, runner: Runner): void {
  const command = program
    .command('renew')
    .description('renew all certificates that are due, the most urgent first')
    .argument('[CERT...]', 'only these')
    .optionsGroup('Pace and gate:')
    .option('--concurrency <N>', 'certificates at one time', '4')
    .option('--limit <N>', 'at most that many in this run')
    .option(
      '--max-time <DURATION>',
      'start no more probes and certificates after that time, counted from the start without the wait of --splay',
    )
    .option('--splay <DURATION>', 'wait a random time up to this before anything is sent')
    .option('--wait <DURATION>', 'wait that long for the gate before a certificate is deferred')
    .option('--all', 'also those that are not due')
    .option('--yes', 'also more new names under one domain than --max-new-names-per-domain')
    .optionsGroup('Output:')
    .option('--report <FILE>', 'write what became of each certificate to this file, as JSON')
    .option('--report-mode <MODE>', 'who may read it, as chmod has it in octal (default: 600)')
    .option('--on-finish <CMD>', 'run this at the end, with the report on its stdin')
    .optionsGroup('Trying first:')
    .option('--rehearse', "first the whole flow at each CA's staging; only names that pass go on")
    .option(
      '--no-check',
      'look neither at names before an order names them nor at http-01 answers before the submit',
    )
    .option('--dry-run', 'say what is due; nothing is sent')
    .option('--by-day', 'with --dry-run: the next order of every certificate by its day, against the limits');
  runner.bind<Options>(command, async (context, options, names) => {
    if (options.staging === true) throw atTheirOwn();
    checkByDay(options);
    const wanted = {
      names,
      concurrency: parseCount(options.concurrency, '--concurrency'),
      limit: options.limit === undefined ? Infinity : parseCount(options.limit, '--limit'),
      maxTimeMs: options.maxTime === undefined ? null : parseDuration(options.maxTime, '--max-time'),
      splayMs: options.splay === undefined ? 0 : parseDuration(options.splay, '--splay'),
      waitMs: options.wait === undefined ? 0 : parseDuration(options.wait, '--wait'),
      all: options.all === true,
      rehearse: options.rehearse === true,
      looks: options.check !== false,
      dryRun: options.dryRun === true,
      yes: options.yes === true,
      byDay: options.byDay === true,
    };
    const report = { file: options.report, mode: options.reportMode, hook: options.onFinish };
    const { renewAndReport } = await import('../../renew/renew-and-report.ts');
    return renewAndReport(context, wanted, report);
  });
}

/** @throws AcmeLedgerError `usage` */
function checkByDay({ byDay, dryRun, limit, rehearse }: Options): void {
  if (byDay !== true) return;
  const hint = 'acme-ledger renew --dry-run --by-day';
  if (dryRun !== true)
    throw new AcmeLedgerError('usage', '--by-day only plans: it goes with --dry-run', { hint });
  const ofOneRun = [
    ...(limit === undefined ? [] : ['--limit']),
    ...(rehearse === undefined ? [] : ['--rehearse']),
  ];
  if (ofOneRun.length === 0) return;
  const message = `--by-day plans the days ahead, and ${ofOneRun.join(' and ')} one run: give one of them`;
  throw new AcmeLedgerError('usage', message, { hint });
}

function atTheirOwn(): AcmeLedgerError {
  return new AcmeLedgerError('usage', 'renew orders each certificate at its own CA: it has no --staging', {
    hint: 'acme-ledger renew --rehearse does each order at the staging first',
  });
}
