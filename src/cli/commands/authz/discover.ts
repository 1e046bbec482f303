import { timeText } from '../../../clock.ts';
import type { Command } from 'commander';
import type { DiscoverSummary, Discovered } from '../../../clear/discover-accounts.ts';
import { RetoldLines } from '../../../report/texts/retold-failures.ts';
import { type KeyOptions, addKeyOptions, keyChoiceOf } from '../../options/key-options.ts';
import { parseCount } from '../../options/parse-count.ts';
import { parseRate } from '../../options/parse-rate.ts';
import type { Runner } from '../../runner.ts';
import { subjectOf } from './clear-text.ts';

interface Options extends KeyOptions {
  concurrency: string;
  rate?: string;
}

export function authzDiscover(authz: Command, runner: Runner): void {
  const command = authz
    .command('discover')
    .description(
      "look through the account's list of orders at the CA, where it keeps one, and record what is open",
    )
    .option('--concurrency <N>', 'requests at one time', '10')
    .option('--rate <N/s>', 'requests a second at most (N/m: a minute, N/h: an hour)');
  addKeyOptions(command);
  runner.bind<Options>(command, async (context, { concurrency, rate, ...keys }) => {
    const options = {
      perSecond: rate === undefined ? null : parseRate(rate, '--rate'),
      keys: keyChoiceOf(keys),
      concurrency: parseCount(concurrency, '--concurrency'),
    };
    const { discoverAccounts } = await import('../../../clear/discover-accounts.ts');
    const failed = new RetoldLines(context.output, 'authorization');
    const { summary, ends, exitCode } = await discoverAccounts(context, options, (seen) => {
      if (seen.status === null) failed.note(seen.reason, subjectOf(seen));
      context.output.line(seen, textOf);
    });
    failed.tell('the log has them');
    context.output.line({ summary }, () => summaryText(summary));
    ends.forEach(context.output.complain);
    return exitCode;
  });
}

function textOf({ url, identifier, status, expiresAt, reason }: Discovered): string {
  const expiry = expiresAt === null ? '' : `, expires ${timeText(expiresAt)}`;
  const why = reason === null ? '' : ` (${reason})`;
  return `${status ?? 'failed'}  ${identifier ?? '?'}  ${url}${expiry}${why}`;
}

function summaryText({ orders, pending, failed, unlisted }: DiscoverSummary): string[] {
  const counts = `${String(orders)} orders listed, ${String(pending)} authorizations open, ${String(failed)} failed`;
  const missing = unlisted > 0 ? [`${String(unlisted)} without a list at the CA`] : [];
  const next =
    pending > 0
      ? [
          'acme-ledger authz clear closes them once it has known them for an hour (another client may be working on them), with --all now',
        ]
      : [];
  return [counts, ...missing, ...next];
}
