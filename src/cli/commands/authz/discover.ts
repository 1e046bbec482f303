import type { Command } from 'commander';
import { isTemporary } from '../../../error-kinds.ts';
import { type AcmeLedgerError } from '../../../errors.ts';
import type { Cleared } from '../../../clear/cleared.ts';
import { printable } from '../../../printable.ts';
import type { KeyChoice } from '../../../run/accounts/chosen-keys.ts';
import type { CommandContext } from '../../../run/run-context.ts';
import { type KeyOptions, addKeyOptions, keyChoiceOf } from '../../options/key-options.ts';
import { complain } from '../../output/output.ts';
import { parseCount } from '../../options/parse-count.ts';
import { parseRate } from '../../options/parse-rate.ts';
import type { Runner } from '../../runner.ts';

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
    const { paced } = await import('../../../run/rate.ts');
    const perSecond = rate === undefined ? null : parseRate(rate, '--rate');
    const options = { keys: keyChoiceOf(keys), concurrency: parseCount(concurrency, '--concurrency') };
    return runDiscover(paced(context, perSecond), options);
  });
}

async function runDiscover(
  context: CommandContext,
  { keys, concurrency }: { keys: KeyChoice; concurrency: number },
): Promise<number> {
  const { eachChosenAccount } = await import('../../../run/accounts/many-accounts.ts');
  const { discover } = await import('../../../clear/discover.ts');
  const summary = { orders: 0, pending: 0, failed: 0, unlisted: 0 };
  const ends: AcmeLedgerError[] = [];
  const unusable = await eachChosenAccount(
    context,
    { command: 'authz discover', concurrency },
    keys,
    async (issuance) => {
      const { isListed, orders, end } = await discover(issuance, { concurrency }, (seen) => {
        if (seen.action === 'failed') summary.failed += 1;
        else summary.pending += 1;
        context.output.line(openJson(seen), textOf);
      });
      summary.orders += orders;
      if (end !== null) ends.push(end);
      if (isListed) return;
      summary.unlisted += 1;
      context.log.warn(
        { ca: issuance.account.ca },
        `${printable(issuance.account.ca)} keeps no list of an account's orders: acme-ledger authz clear --from-log FILE finds what other clients' logs name`,
      );
    },
  );
  context.output.line({ summary }, () => summaryText(summary));
  ends.forEach(complain);
  if (summary.failed > 0 || unusable > 0 || ends.some((end) => !isTemporary(end))) return 1;
  return ends.length > 0 ? 75 : 0;
}

/** A line of `authz discover --json`. */
function openJson({ url, identifier, after, expiresAt, account, reason }: Cleared) {
  return { url, identifier, status: after, expiresAt, account, reason };
}

function textOf({ url, identifier, status, expiresAt, reason }: ReturnType<typeof openJson>): string {
  const expiry = expiresAt === null ? '' : `, expires ${expiresAt}`;
  const why = reason === null ? '' : ` (${reason})`;
  return `${status ?? 'failed'}  ${identifier ?? '?'}  ${url}${expiry}${why}`;
}

function summaryText({ orders, pending, failed, unlisted }: Record<string, number>): string[] {
  const counts = `${String(orders)} orders listed, ${String(pending)} authorizations open, ${String(failed)} failed`;
  const missing = (unlisted ?? 0) > 0 ? [`${String(unlisted)} without a list at the CA`] : [];
  const next =
    (pending ?? 0) > 0
      ? [
          'acme-ledger authz clear closes them once it has known them for an hour (another client may be working on them), with --all now',
        ]
      : [];
  return [counts, ...missing, ...next];
}
