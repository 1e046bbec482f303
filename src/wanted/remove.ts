import { removeStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import { startRun } from '../issuance/ownership/lease.ts';
import { recordRemoved } from '../ledger/certificates/certificates.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { unkeepOrdersOf } from '../ledger/orders/orders.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { CommandContext } from '../run/run-context.ts';

export interface Removed {
  name: string;
  removed: true;
  filesDeleted: boolean;
}

/**
 * One after the other, each name once. Nobody wants their kept orders any more, either: the next clean-up settles them; what a run is
 * at work on is left to it.
 */
export async function* removeWanted(
  context: CommandContext,
  ledger: Ledger,
  names: readonly string[],
  deleteFiles: boolean,
): AsyncGenerator<Removed> {
  const run = await startRun(ledger, systemClock, 'cert remove');
  try {
    const writer = { ledger, runId: run.id, clock: systemClock };
    for (const name of new Set(names)) {
      await inTransaction(writer, async (tx) => {
        await recordRemoved(tx, name);
        await unkeepOrdersOf(tx, name);
      });
      const filesDeleted = deleteFiles && (await removeStored(context.settings.stateDir, name));
      yield { name, removed: true, filesDeleted };
    }
  } finally {
    await run.end();
  }
}
