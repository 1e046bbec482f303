import { removeStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import { startRun } from '../issuance/ownership.ts';
import { recordRemoved } from '../ledger/certificates.ts';
import type { Ledger } from '../ledger/open.ts';
import { unkeepOrdersOf } from '../ledger/orders.ts';
import type { CommandContext } from './context.ts';

/** Nobody wants its kept orders any more, either: the next clean-up settles them. */
export async function removeWanted(
  context: CommandContext,
  ledger: Ledger,
  name: string,
  deleteFiles: boolean,
): Promise<{ name: string; removed: true; filesDeleted: boolean }> {
  const run = await startRun(ledger, systemClock, 'cert remove');
  try {
    const writer = { ledger, runId: run.id, clock: systemClock };
    await recordRemoved(writer, name);
    await unkeepOrdersOf(writer, name);
    const filesDeleted = deleteFiles && (await removeStored(context.settings.stateDir, name));
    return { name, removed: true, filesDeleted };
  } finally {
    await run.end();
  }
}
