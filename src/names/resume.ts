import { systemClock } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import { parseNames } from '../identifiers.ts';
import { liftPauseHolds } from '../issuance/limits/pauses.ts';
import { failingNames, resumeNames } from '../ledger/names/failing-names.ts';
import { printable } from '../printable.ts';
import { chosenAccounts } from '../run/accounts/chosen-account.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';

/**
 * Lets names that fail, or are suspended, be tried again by the next renewal; nothing is sent.
 * @param names as `name list` shows them; null for all that fail
 * @returns the names that were resumed
 * @throws AcmeLedgerError `usage`, `not-found` when one of them doesn't fail: nothing is written then
 */
export async function resumeFailing(
  context: CommandContext,
  names: readonly string[] | null,
): Promise<string[]> {
  const asked = names === null ? null : parseNames(names).map(({ value }) => value);
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
  return resumed.flat();
}

/** @throws AcmeLedgerError `not-found` */
function assertFailing(asked: readonly string[], failing: readonly string[]): void {
  const unknown = asked.filter((name) => !failing.includes(name));
  if (unknown.length === 0) return;
  throw new AcmeLedgerError(
    'not-found',
    `the ledger knows of no failure of ${unknown.map(printable).join(', ')}`,
    { hint: 'acme-ledger name list shows the names that fail' },
  );
}
