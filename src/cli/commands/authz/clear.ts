import type { Command } from 'commander';
import type { ClearChoice, ClearedAll } from '../../../clear/clear-accounts.ts';
import { clearMethods } from '../../../clear/clear-method.ts';
import { parseDuration } from '../../../duration.ts';
import { RetoldLines } from '../../../report/texts/retold-failures.ts';
import { countsIn } from '../../../run/run-record.ts';
import type { CommandContext } from '../../../run/run-context.ts';
import { type KeyOptions, addKeyOptions, keyChoiceOf } from '../../options/key-options.ts';
import { parseCount } from '../../options/parse-count.ts';
import { parseRate } from '../../options/parse-rate.ts';
import { parseChoice } from '../../options/values.ts';
import type { Runner } from '../../runner.ts';
import { endText, lineText, subjectOf } from './clear-text.ts';

interface Options extends KeyOptions {
  dryRun?: boolean;
  olderThan?: string;
  all?: boolean;
  method: string;
  fromLog?: string[];
  concurrency: string;
  wait: string;
  rate?: string;
}

export function authzClear(authz: Command, runner: Runner): void {
  const command = authz
    .command('clear')
    .description(
      'settle every leak: ask the CA for each state, deactivate what is pending and unsubmitted, take down what is presented',
    )
    .argument(
      '[URL...]',
      'only these authorizations, or those of these orders and challenges; also ones that the ledger does not know',
    )
    .option(
      '--dry-run',
      'ask the CA, and say what would be done and what it costs; nothing is changed, there or in the ledger',
    )
    .option('--older-than <DURATION>', 'only authorizations made longer ago')
    .option(
      '--all',
      'also those that are kept for the next attempt (policy resume), and those younger than an hour that other clients made',
    )
    .option(
      '--method <METHOD>',
      `${clearMethods.join(' or ')}: submit a challenge that nobody answers, where the CA does not deactivate`,
      'deactivate',
    )
    .option(
      '--from-log <FILE...>',
      "what other ACME clients' logs name (-: standard input; gzip is read): nothing is sent to servers of other accounts",
    )
    .option('--concurrency <N>', 'requests at one time', '10')
    .option('--wait <DURATION>', 'wait as long as that when the CA asks for patience', '10s')
    .option('--rate <N/s>', 'requests a second at most (N/m: a minute, N/h: an hour)');
  addKeyOptions(command);
  runner.bind<Options>(command, async (context, options, urls) => {
    const choice = choiceOf(options, urls);
    const { clearAccounts } = await import('../../../clear/clear-accounts.ts');
    const failed = new RetoldLines(context.output, 'authorization');
    const cleared = await clearAccounts(context, choice, (each) => {
      if (each.action === 'failed') failed.note(each.reason, subjectOf(each));
      context.output.line(each, lineText);
    });
    failed.tell('the log has them');
    writeEnd(context, choice, cleared);
    cleared.errors.forEach(context.output.complain);
    return cleared.exitCode;
  });
}

/** @throws AcmeLedgerError `usage` */
function choiceOf(options: Options, urls: readonly string[]): ClearChoice {
  const { olderThan, rate } = options;
  const olderThanMs = olderThan === undefined ? null : parseDuration(olderThan, '--older-than');
  const concurrency = parseCount(options.concurrency, '--concurrency');
  const patienceMs = parseDuration(options.wait, '--wait');
  const dryRun = options.dryRun === true;
  return {
    urls,
    logs: options.fromLog ?? null,
    dryRun,
    all: options.all === true,
    olderThan: olderThanMs === null ? null : new Date(Date.now() - olderThanMs),
    method: parseChoice(options.method, clearMethods, '--method'),
    concurrency,
    perSecond: rate === undefined ? null : parseRate(rate, '--rate'),
    keys: keyChoiceOf(options),
    run: { command: 'authz clear', concurrency, patienceMs, isDry: dryRun },
  };
}

function writeEnd(
  { output, stops, record }: CommandContext,
  { dryRun, method, logs }: ClearChoice,
  { tally, seen: { costs: allCosts, ...seen } }: ClearedAll,
): void {
  const { summary, later, young, undated } = tally;
  const left = { count: later.count, names: [...later.names], firstAt: later.firstAt };
  const costs = dryRun ? allCosts : null;
  const end = { summary, later: left, young, undated, ...seen, ...(dryRun ? { costs } : {}) };
  const isFromLogs = logs !== null;
  const isInterrupted = stops.work.aborted;
  const countsText = endText(tally, { ...seen, costs, method, isFromLogs, isInterrupted })[0] ?? '';
  record.sum(countsIn(summary), countsText);
  output.line(end, () => endText(tally, { ...seen, costs, method, isFromLogs, isInterrupted }));
}
