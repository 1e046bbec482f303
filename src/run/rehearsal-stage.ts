import type { Authority } from '../acme/authorities/authorities.ts';
import { AcmeLedgerError, hasCode } from '../errors.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { type LaterOptions, withUnownedSettled } from '../issuance/order/unowned-orders.ts';
import type { Stage } from '../issuance/attempt/rehearse.ts';
import type { CommandContext } from './run-context.ts';
import { isAboutTheCa } from '../error-kinds.ts';
import { openBeside } from './open-account.ts';
import { shellWord } from '../shell-word.ts';

/**
 * Opens the account at the staging beside the account at the CA, on the same ledger and with the same
 * solvers, and settles orders that dead runs left there. `act` judges a staging that can't be worked with
 * now.
 * @param options.namesKeys sets of names that are about to be rehearsed: their orders are left for that
 * @param options.later what becomes of the slow rest of those orders
 * @throws AcmeLedgerError what a person has to mend, such as an external account binding that the staging
 * wants
 */
export async function onStage<T>(
  context: CommandContext,
  run: AccountRun,
  {
    staging,
    namesKeys,
    later = {},
  }: { staging: Authority; namesKeys: Iterable<string>; later?: LaterOptions },
  act: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { label } = staging;
  // A key that the CA gave for a binding is for its own accounts.
  const there = { ...context, settings: { ...context.settings, eab: null } };
  const { leftMs = () => Infinity } = later;
  const opened = await openBeside(there, run, staging, leftMs).catch((error: unknown) =>
    ofTheCa(error, staging),
  );
  if (opened instanceof AcmeLedgerError) return act({ label, run: opened });
  try {
    const skipNamesKeys = new Set(namesKeys);
    return await withUnownedSettled(opened, skipNamesKeys, (working) => act({ label, run: working }), later);
  } finally {
    opened.session.close();
  }
}

function ofTheCa(error: unknown, { label, directoryUrl }: Authority): AcmeLedgerError {
  if (error instanceof AcmeLedgerError && isAboutTheCa(error)) return error;
  if (!hasCode(error, 'usage')) throw error;
  throw new AcmeLedgerError('usage', `no account to rehearse with at ${label}: ${error.message}`, {
    hint: `acme-ledger account register --ca ${shellWord(directoryUrl)}, with what that CA wants`,
    cause: error,
  });
}
