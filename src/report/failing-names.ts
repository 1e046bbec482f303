import { systemClock } from '../clock.ts';
import { failingNames } from '../ledger/names/failing-names.ts';
import { chosenAccounts } from '../run/accounts/chosen-account.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { FailingNameStatus, ListChoice, NameSort } from './lists/list-words.ts';
import { type NameJson, nameJson } from './name-json.ts';
import { type Key, globMatcher, isOlder, sortedBy } from './lists/selection.ts';

/** Which of the names that fail `name list` shows, and in which order. */
export interface NameChoice extends ListChoice<FailingNameStatus, NameSort> {
  /** Only those that the next `renew` tries. */
  due: boolean;
}

/** The names that fail, account after account. @throws AcmeLedgerError `not-found`, `ca-account` */
export async function namesThatFail(context: CommandContext, choice: NameChoice): Promise<NameJson[]> {
  const now = systemClock.now();
  const names = await withLedger(context.settings, async (ledger) => {
    const accounts = await chosenAccounts(context, ledger);
    const ofEach = accounts.map(async ({ id, ca }) =>
      (await failingNames(ledger, id, now)).map((row) => nameJson(row, ca)),
    );
    return (await Promise.all(ofEach)).flat();
  });
  const { statuses, nameLike, olderThanMs, sort, limit } = choice;
  const isNamed = nameLike === undefined ? null : globMatcher(nameLike);
  const chosen = names.filter(
    ({ name, status, failingSince, nextAttemptAt }) =>
      (isNamed === null || isNamed(name)) &&
      (statuses === undefined || statuses.some((one) => one === status)) &&
      (!choice.due || (status === 'failing' && nextAttemptAt === null)) &&
      isOlder(failingSince, olderThanMs, now),
  );
  return (sort === undefined ? chosen : sortedBy(chosen, sortKeys[sort])).slice(0, limit);
}

const sortKeys = {
  name: ({ name }) => name,
  failures: ({ failures }) => -failures,
  since: ({ failingSince }) => failingSince,
  next: ({ status, nextAttemptAt }) => nextAttemptAt ?? (status === 'suspended' ? Infinity : null),
  ca: ({ ca }) => ca,
} as const satisfies Record<NameSort, (name: NameJson) => Key>;
