import { errorRecord } from '../errors.ts';
import { tellOfNames } from '../issuance/names/name-hook.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { namesToTell } from '../ledger/names/failing-names.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { ledgerExists, withLedger } from '../run/open-ledger.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';

/** Does the work, and then tells the name hook what became of names, whatever became of the work. */
export async function toldOfNames<T>(context: CommandContext, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } finally {
    await tellHook(context).catch((error: unknown) => {
      context.log.warn(
        { error: errorRecord(error) },
        'the name hook was told nothing; the next run tries again',
      );
    });
  }
}

async function tellHook(context: CommandContext): Promise<void> {
  const { settings, stops, log } = context;
  const { nameHook } = settings;
  if (nameHook === null || stops.work.aborted || !(await ledgerExists(settings))) return;
  const accounts = await withLedger(settings, accountsToTellOf);
  if (accounts.length === 0) return;
  await withLedgerWriter(context, 'name hook', async (writer) => {
    for (const account of accounts) await tellOfNames(writer, account, nameHook, { signal: stops.work, log });
  });
}

async function accountsToTellOf(ledger: Ledger): Promise<AccountRow[]> {
  const accounts = await listAccounts(ledger);
  const counts = await Promise.all(accounts.map(async ({ id }) => (await namesToTell(ledger, id)).length));
  return accounts.filter((_, index) => (counts[index] ?? 0) > 0);
}
