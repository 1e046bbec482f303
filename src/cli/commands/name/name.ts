import type { Command } from 'commander';
import { systemClock } from '../../../clock.ts';
import { AcmeLedgerError } from '../../../errors.ts';
import { printable } from '../../../printable.ts';
import type { Runner } from '../../runner.ts';
import { nameJson } from '../../../report/shapes.ts';
import { shortened } from '../../output/wording.ts';
import { counted } from '../../../printable.ts';
import { shellWord } from '../../../shell-word.ts';

/** `name list` and `name resume`. */
export function nameCommands(name: Command, runner: Runner): void {
  nameList(name, runner);
  nameResume(name, runner);
}

function nameList(name: Command, runner: Runner): void {
  const command = name
    .command('list')
    .description('list the names that fail, why, and when they are tried again')
    .option('--suspended', 'only those that no order names until they are mended or resumed');
  runner.bind<{ suspended?: boolean }>(command, async (context, options) => {
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { chosenAccounts } = await import('../../../run/accounts/chosen-account.ts');
    const { failingNames } = await import('../../../ledger/names/failing-names.ts');
    return withLedger(context.settings, async (ledger) => {
      const now = systemClock.now();
      const accounts = await chosenAccounts(context, ledger);
      const rows = await Promise.all(
        accounts.map(async ({ id, ca }) =>
          (await failingNames(ledger, id, now)).map((row) => nameJson(row, ca)),
        ),
      );
      const shown = rows.flat().filter(({ status }) => options.suspended !== true || status === 'suspended');
      if (context.output.json)
        shown.forEach((row) => {
          context.output.line(row, () => '');
        });
      else if (shown.length > 0) {
        await context.output.table(
          ['NAME', 'STATUS', 'FAILURES', 'SINCE', 'NEXT ATTEMPT', 'ERROR'],
          shown.map((row) => [
            row.name,
            row.status,
            String(row.failures),
            row.failingSince?.slice(0, 19) ?? '',
            attemptText(row, context.settings.probe.everyMs !== null),
            row.unpauseUrl === null
              ? shortened(row.error?.message ?? '')
              : `paused by the CA; open ${row.unpauseUrl}, then: acme-ledger name resume ${shellWord(row.name)}`,
          ]),
        );
      }
      return 0;
    });
  });
}

/** When it is ordered again. */
function attemptText(
  { status, isProbed, nextAttemptAt, unpauseUrl }: ReturnType<typeof nameJson>,
  probes: boolean,
): string {
  if (status === 'suspended' && unpauseUrl === null)
    return probes && isProbed ? 'when mended' : 'when resumed';
  return nextAttemptAt?.slice(0, 19) ?? 'now';
}

function nameResume(name: Command, runner: Runner): void {
  const command = name
    .command('resume')
    .description('let names that failed, or are suspended, be tried again by the next renew; nothing is sent')
    .argument('[NAME...]', 'as name list shows them')
    .option('--all', 'all names that fail');
  runner.bind<{ all?: boolean }>(command, async (context, options, names) => {
    if ((options.all === true) === names.length > 0) {
      throw new AcmeLedgerError('usage', 'give names, or --all', {
        hint: 'acme-ledger name list shows them',
      });
    }
    const { withLedger } = await import('../../../run/open-ledger.ts');
    const { withLedgerWriter } = await import('../../../run/ledger-writing.ts');
    const { chosenAccounts } = await import('../../../run/accounts/chosen-account.ts');
    const { failingNames, resumeNames } = await import('../../../ledger/names/failing-names.ts');
    const { liftPauseHolds } = await import('../../../issuance/limits/pauses.ts');
    const { parseNames } = await import('../../../identifiers.ts');
    const asked = options.all === true ? null : parseNames(names).map(({ value }) => value);
    const failing = await withLedger(context.settings, async (ledger) => {
      const accounts = await chosenAccounts(context, ledger);
      return Promise.all(
        accounts.map(async ({ id }) => ({
          id,
          values: (await failingNames(ledger, id, systemClock.now())).map(({ value }) => value),
        })),
      );
    });
    assertFailing(
      asked ?? [],
      failing.flatMap(({ values }) => values),
    );
    const resumed = await withLedgerWriter(context, 'name resume', (writer) =>
      Promise.all(
        failing.map(async ({ id }) => {
          await liftPauseHolds(writer, id);
          return resumeNames(writer, id, asked);
        }),
      ),
    );
    context.output.result({ resumed: resumed.flat() }, ({ resumed: names }) => [
      `${counted(names.length, 'name')} resumed${names.length === 0 ? '' : ': the next renew tries them'}`,
    ]);
    return 0;
  });
}

/** @throws AcmeLedgerError `not-found` */
function assertFailing(asked: readonly string[], failing: readonly string[]): void {
  const unknown = asked.filter((name) => !failing.includes(name));
  if (unknown.length === 0) return;
  throw new AcmeLedgerError(
    'not-found',
    `the ledger knows of no failure of ${unknown.map(printable).join(', ')}`,
    {
      hint: 'acme-ledger name list shows the names that fail',
    },
  );
}
