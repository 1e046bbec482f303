import type { Command } from 'commander';
import type { Synced } from '../../../sync/sync.ts';
import type { Compared } from '../../../sync/compared.ts';
import type { CommandContext } from '../../../run/run-context.ts';
import { complain } from '../../output/output.ts';
import { parseCount } from '../../options/parse-count.ts';
import type { Runner } from '../../runner.ts';

interface SyncSummary {
  /** Authorizations. */
  seen: number;
  orders: number;
  differing: number;
  failed: number;
  lost: number;
  undecided: number;
  notAsked: number;
}

export function authzSync(authz: Command, runner: Runner): void {
  const command = authz
    .command('sync')
    .description(
      'ask the CA for the state of all that the ledger holds open; report and record the differences',
    )
    .option('--concurrency <N>', 'requests at one time', '10');
  runner.bind<{ concurrency: string }>(command, async (context, options) =>
    runSync(context, parseCount(options.concurrency, '--concurrency')),
  );
}

async function runSync(context: CommandContext, concurrency: number): Promise<number> {
  const { eachAccount } = await import('../../../run/accounts/each-account.ts');
  const { sync } = await import('../../../sync/sync.ts');
  const summary = { seen: 0, orders: 0, differing: 0, failed: 0, lost: 0, undecided: 0, notAsked: 0 };
  const ends: Synced[] = [];
  await eachAccount(context, { command: 'authz sync' }, async (issuance) => {
    const progress = await context.output.progress('authorizations and orders');
    const onResult = (compared: Compared): void => {
      count(summary, compared);
      progress.done();
      if (compared.outcome !== 'same') context.output.line(compared, textOf);
    };
    try {
      ends.push(
        await sync(issuance, { concurrency }, onResult, (total) => {
          progress.expect(total);
        }),
      );
    } finally {
      progress.stop();
    }
  });
  summary.notAsked = ends.reduce((total, { notAsked }) => total + notAsked, 0);
  context.output.line({ summary }, () => summaryText(summary));
  return exitCode(summary, ends);
}

function count(summary: SyncSummary, { kind, outcome }: Compared): void {
  if (outcome === 'lost') {
    summary.lost += 1;
    return;
  }
  if (kind === 'order') summary.orders += 1;
  else summary.seen += 1;
  if (outcome === 'differs') summary.differing += 1;
  if (outcome === 'failed') summary.failed += 1;
  if (outcome === 'undecided') summary.undecided += 1;
}

/** Not all could be asked for: not now where the CA asked for patience, a failure where it is out of reach. */
function exitCode(summary: SyncSummary, ends: readonly Synced[]): number {
  const errors = ends.flatMap(({ end }) => end ?? []);
  errors.forEach(complain);
  if (summary.failed > 0) return 1;
  return errors.length > 0 ? 75 : 0;
}

function textOf({
  outcome,
  kind,
  id,
  identifier,
  names,
  url,
  ledger,
  ca,
  challenge,
  reason,
}: Compared): string {
  const subject = kind === 'order' ? `order ${String(id)} (${names?.join(' ') ?? ''})` : (identifier ?? '?');
  const place = url === null ? '' : `  ${url}`;
  const states =
    outcome !== 'differs'
      ? ''
      : challenge === null
        ? `: ledger ${ledger ?? 'nothing'}, CA ${ca ?? '?'}`
        : `: challenge in the ledger ${challenge.ledger}, at the CA ${challenge.ca}`;
  return `${outcome}  ${subject}${place}${states}${reason === null ? '' : ` (${reason})`}`;
}

function summaryText({ seen, orders, differing, failed, lost, undecided, notAsked }: SyncSummary): string {
  const more = [
    [lost, 'lost'],
    [undecided, 'undecided for long'],
    [notAsked, 'not asked for'],
  ] as const;
  const rest = more.flatMap(([number, what]) => (number > 0 ? `, ${String(number)} ${what}` : []));
  return `${String(seen)} authorizations and ${String(orders)} orders compared, ${String(differing)} differed and are recorded, ${String(failed)} could not be asked for${rest.join('')}`;
}
