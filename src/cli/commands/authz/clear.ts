import type { Command } from 'commander';
import { parseDuration } from '../../../duration.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import type { FoundUrl } from '../../../clear/kept-urls.ts';
import { type ClearMethod, clearMethods } from '../../../clear/clear-one.ts';
import { type Cleared } from '../../../clear/cleared.ts';
import type { ClearTally, CostSeen, GateSeen } from '../../../clear/tally.ts';
import type { KeyChoice } from '../../../run/accounts/chosen-keys.ts';
import type { CommandContext } from '../../../run/run-context.ts';
import { type KeyOptions, addKeyOptions, keyChoiceOf } from '../../options/key-options.ts';
import type { AccountsRun } from '../../../run/accounts/each-account.ts';
import { complain } from '../../output/output.ts';
import { parseChoice } from '../../options/values.ts';
import { parseCount } from '../../options/parse-count.ts';
import { parseRate } from '../../options/parse-rate.ts';
import type { Runner } from '../../runner.ts';
import { counted } from '../../../printable.ts';

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
  runner.bind<Options>(command, runClear);
}

async function runClear(context: CommandContext, given: Options, urls: readonly string[]): Promise<number> {
  const options = checked(given);
  const { assertAuthorizationUrls, resourcesGiven } = await import('../../../clear/given-urls.ts');
  await assertAuthorizationUrls(context, urls);
  const { fromLog } = given;
  if (fromLog !== undefined && urls.length > 0) throw bothGiven();
  const { ClearTally } = await import('../../../clear/tally.ts');
  const { paced } = await import('../../../run/rate.ts');
  const resources = resourcesGiven(urls);
  const act = async (one: CommandContext): Promise<number> => {
    const run = { context: paced(one, options.perSecond), options, tally: new ClearTally() };
    return fromLog === undefined && resources === null
      ? clearHeld(run, urls)
      : clearLedTo(run, fromLog ?? null, resources ?? []);
  };
  if (!options.dryRun) return act(context);
  const { withCopiedLedger } = await import('../../../run/copied-ledger.ts');
  return withCopiedLedger(context, options.keys, act);
}

interface Run {
  context: CommandContext;
  options: Checked;
  tally: ClearTally;
}

interface Checked {
  dryRun: boolean;
  all: boolean;
  olderThan: Date | null;
  method: ClearMethod;
  concurrency: number;
  perSecond: number | null;
  keys: KeyChoice;
  run: AccountsRun;
}

function checked(options: Options): Checked {
  const { olderThan, rate } = options;
  const olderThanMs = olderThan === undefined ? null : parseDuration(olderThan, '--older-than');
  const concurrency = parseCount(options.concurrency, '--concurrency');
  const patienceMs = parseDuration(options.wait, '--wait');
  const dryRun = options.dryRun === true;
  return {
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

/** What the ledger holds open, or these URLs, one account after the other. */
async function clearHeld({ context, options, tally }: Run, urls: readonly string[]): Promise<number> {
  const { clear } = await import('../../../clear/clear.ts');
  const { lineText } = await import('../../../clear/clear-text.ts');
  const seen = { gates: [] as GateSeen[], costs: [] as CostSeen[], notAsked: 0 };
  const ends: AcmeLedgerError[] = [];
  const unsettled: AcmeLedgerError[] = [];
  let stillPresented = 0;
  const { eachChosenAccount } = await import('../../../run/accounts/many-accounts.ts');
  const unusable = await eachChosenAccount(context, options.run, options.keys, async (issuance, turns) => {
    const progress = await context.output.progress('authorizations');
    const onResult = (cleared: Cleared): void => {
      tally.add(cleared);
      progress.done();
      context.output.line(cleared, lineText);
    };
    try {
      const left = await clear(issuance, { ...options, urls, turns }, onResult, (total) => {
        progress.expect(total);
      });
      stillPresented += left.stillPresented;
      unsettled.push(...left.unsettled);
      seen.notAsked += left.notAsked;
      if (left.end !== null) ends.push(left.end);
    } finally {
      progress.stop();
    }
    seen.gates.push(await tally.gateOf(issuance));
    if (options.dryRun) seen.costs.push(await tally.costAt(issuance, options.method));
  });
  await tellEnd(context, tally, seen, options);
  ends.forEach(complain);
  if (stillPresented > 0) complain(notTakenDown(stillPresented));
  const [first] = unsettled;
  if (first !== undefined) complain(notSettled(unsettled.length, first));
  return stillPresented + unusable > 0 ? 1 : tally.exitCode([...ends, ...unsettled]);
}

/** What logs name, or orders and challenges that were given, all accounts at once. */
async function clearLedTo(
  { context, options, tally }: Run,
  files: readonly string[] | null,
  given: readonly FoundUrl[],
): Promise<number> {
  const { clearGiven, clearLogs } = await import('../../../clear/clear-logs.ts');
  const { ends, unusable, ...seen } =
    files === null
      ? await clearGiven(context, options, tally, given)
      : await clearLogs(context, options, tally, files);
  await tellEnd(context, tally, seen, { ...options, isFromLogs: files !== null });
  ends.forEach(complain);
  return unusable > 0 ? 1 : tally.exitCode(ends);
}

/** What the last line tells beside what was added up. */
interface Seen {
  gates: GateSeen[];
  costs: CostSeen[];
  notAsked: number;
  elsewhere?: number;
  untold?: number;
}

async function tellEnd(
  { output, stops }: CommandContext,
  tally: ClearTally,
  { costs: allCosts, ...seen }: Seen,
  { dryRun, method, isFromLogs = false }: Checked & { isFromLogs?: boolean },
): Promise<void> {
  const { endText } = await import('../../../clear/clear-text.ts');
  const { summary, later, young, undated } = tally;
  const left = { count: later.count, names: [...later.names], firstAt: later.firstAt };
  const costs = dryRun ? allCosts : null;
  const end = { summary, later: left, young, undated, ...seen, ...(dryRun ? { costs } : {}) };
  output.line(end, () =>
    endText(tally, { ...seen, costs, method, isFromLogs, isInterrupted: stops.work.aborted }),
  );
}

function bothGiven(): AcmeLedgerError {
  return new AcmeLedgerError('usage', 'URLs are given, and logs, too', {
    hint: 'give one of both; acme-ledger authz clear --from-log - reads URLs from standard input',
  });
}

function notTakenDown(answers: number): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${counted(answers, 'answer')} to challenges could not be taken down, as the warnings say; nothing is open at the CA because of it`,
    { hint: 'mend the hook or the folder, then run acme-ledger authz clear again' },
  );
}

function notSettled(orders: number, { code, message, retryAt }: AcmeLedgerError): AcmeLedgerError {
  return new AcmeLedgerError(
    code,
    `${counted(orders, 'order')} of earlier runs could not be brought to an end: ${message}`,
    { hint: 'run acme-ledger authz clear again', ...(retryAt === undefined ? {} : { retryAt }) },
  );
}
