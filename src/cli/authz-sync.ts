import type { Command } from 'commander';
import type { Compared } from '../issuance/syncing.ts';
import { printable } from '../printable.ts';
import { parseCount } from './parse-count.ts';
import type { Runner } from './runner.ts';

export function authzSync(authz: Command, runner: Runner): void {
  const command = authz
    .command('sync')
    .description(
      'ask the CA for the state of all that the ledger holds open; report and record the differences',
    )
    .option('--concurrency <N>', 'requests at one time', '10');
  runner.bind<{ concurrency: string }>(command, async (context, options) => {
    const concurrency = parseCount(options.concurrency, '--concurrency');
    const { eachAccount } = await import('./each-account.ts');
    const { sync } = await import('../issuance/syncing.ts');
    const { startProgress } = await import('./progress.ts');
    const summary = { seen: 0, differing: 0, failed: 0 };
    await eachAccount(context, 'authz sync', async (issuance) => {
      const progress = startProgress(context, 'authorizations');
      try {
        await sync(
          issuance,
          { concurrency },
          (compared) => {
            summary.seen += 1;
            progress.done();
            if (compared.ca === null) summary.failed += 1;
            if (compared.differs) summary.differing += 1;
            if (compared.differs || compared.ca === null) context.output.line(compared, textOf);
          },
          (total) => {
            progress.expect(total);
          },
        );
      } finally {
        progress.stop();
      }
    });
    context.output.line(
      { summary },
      () =>
        `${String(summary.seen)} compared, ${String(summary.differing)} differed and are recorded, ${String(summary.failed)} could not be asked for`,
    );
    return summary.failed > 0 ? 1 : 0;
  });
}

function textOf(compared: Compared): string {
  const name = printable(compared.identifier ?? '?');
  if (compared.ca === null) return `failed  ${name}  ${compared.url} (${printable(compared.reason ?? '')})`;
  return `differs  ${name}  ${compared.url}: ledger ${compared.ledger}, CA ${compared.ca}`;
}
