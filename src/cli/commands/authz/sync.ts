import type { Command } from 'commander';
import type { Compared } from '../../../sync/sync-line.ts';
import type { SyncSummary } from '../../../sync/sync-accounts.ts';
import { RetoldLines } from '../../../report/texts/retold-failures.ts';
import { countsIn } from '../../../run/run-record.ts';
import { parseCount } from '../../options/parse-count.ts';
import type { Runner } from '../../runner.ts';

export function authzSync(authz: Command, runner: Runner): void {
  const command = authz
    .command('sync')
    .description(
      'ask the CA for the state of all that the ledger holds open; report and record the differences',
    )
    .option('--concurrency <N>', 'requests at one time', '10');
  runner.bind<{ concurrency: string }>(command, async (context, options) => {
    const concurrency = parseCount(options.concurrency, '--concurrency');
    const { syncAccounts } = await import('../../../sync/sync-accounts.ts');
    const failed = new RetoldLines(context.output, 'item');
    const { summary, ends, exitCode } = await syncAccounts(context, { concurrency }, (compared) => {
      if (compared.outcome === 'failed') failed.note(compared.reason, subjectsOf(compared));
      if (compared.outcome !== 'same') context.output.line(compared, textOf);
    });
    failed.tell('the log has them');
    context.output.line({ summary }, () => summaryText(summary));
    context.record.sum(countsIn(summary), summaryText(summary));
    ends.forEach(context.output.complain);
    return exitCode;
  });
}

function subjectsOf({ kind, id, identifier, names, url }: Compared): string[] {
  const own = kind === 'order' ? `order ${String(id)}` : (identifier ?? url ?? String(id));
  return [own, ...(names ?? []), ...(url === null ? [] : [url])];
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
