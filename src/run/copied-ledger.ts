import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerAt } from '../ledger/open.ts';
import { type KeyChoice, isKeyGiven } from './accounts/chosen-keys.ts';
import type { CommandContext } from './run-context.ts';
import { withLedger } from './open-ledger.ts';

/**
 * For a dry run that asks the CA: `act` gets a copy of the ledger (an empty one where there is none), which
 * is removed afterwards. The dry run reads and writes the copy as a real run would the ledger; nothing of it
 * changes what later runs do.
 * @throws AcmeLedgerError `state-dir`, `ledger`, `ledger-newer`
 */
export async function withCopiedLedger<T>(
  context: CommandContext,
  keys: KeyChoice,
  act: (context: CommandContext) => Promise<T>,
): Promise<T> {
  const { settings } = context;
  const folder = await mkdtemp(join(tmpdir(), 'acme-ledger-dry-run-'));
  try {
    const store = ledgerAt(settings.ledgerUrl);
    const ledgerUrl = await withLedger(settings, (ledger) => store.copy(ledger, folder));
    // With keys of other clients there may be no state directory yet, and none is made; without, the state
    // directory has the keys.
    const stateDir = isKeyGiven(keys) ? folder : settings.stateDir;
    return await act({ ...context, settings: { ...settings, stateDir, ledgerUrl } });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
