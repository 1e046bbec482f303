import { systemClock } from '../clock.ts';
import { failingNames } from '../ledger/names/failing-names.ts';
import { chosenAccounts } from '../run/accounts/chosen-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type NameJson, nameJson } from './name-json.ts';

/** The names that fail, account after account. @throws AcmeLedgerError `not-found`, `ca-account` */
export async function namesThatFail(
  context: CommandContext,
  { onlySuspended }: { onlySuspended: boolean },
): Promise<NameJson[]> {
  const names = await withLedger(context.settings, async (ledger) => {
    const now = systemClock.now();
    const accounts = await chosenAccounts(context, ledger);
    const ofEach = accounts.map(async ({ id, ca }) =>
      (await failingNames(ledger, id, now)).map((row) => nameJson(row, ca)),
    );
    return (await Promise.all(ofEach)).flat();
  });
  return names.filter(({ status }) => !onlySuspended || status === 'suspended');
}
