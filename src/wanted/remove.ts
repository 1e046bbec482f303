import { removeStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import { startRun } from '../issuance/ownership/lease.ts';
import { recordRemoved } from '../ledger/certificates/certificates.ts';
import { unkeepOrdersOf } from '../ledger/orders/orders.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Settings } from '../settings/settings.ts';
import { configuredCertificates } from './configured.ts';
import { shellWord } from '../shell-word.ts';
import { wantedCertificate } from './wanted-certificate.ts';

export interface Removed {
  name: string;
  removed: true;
  filesDeleted: boolean;
  /** Who wants it back with the next list; there only where somebody does. */
  comesBackBy?: 'import';
}

/**
 * Stops wanting certificates, one after the other, each name once. Nobody wants their kept orders any more, either: the next clean-up
 * settles them. An order that a run is at work on is left to that run.
 * @param tell called for each as it is removed
 * @throws AcmeLedgerError `not-found`, `usage`: before one is removed
 */
export async function removeWanted(
  context: CommandContext,
  names: readonly string[],
  { deleteFiles }: { deleteFiles: boolean },
  tell: (removed: Removed) => void,
): Promise<void> {
  const { settings } = context;
  await withLedger(settings, async (ledger) => {
    // All are looked up before one is removed: a mistyped name is told while nothing has happened.
    const imported = new Set<string>();
    for (const name of names) {
      const row = await wantedCertificate(ledger, name);
      assertNotConfigured(settings, row);
      if (row.origin === 'import') imported.add(name);
    }
    const run = await startRun(ledger, systemClock, 'cert remove', context.record);
    try {
      const writer = { ledger, runId: run.id, clock: systemClock };
      for (const name of new Set(names)) {
        await inTransaction(writer, async (tx) => {
          await recordRemoved(tx, name);
          await unkeepOrdersOf(tx, name);
        });
        tell({
          name,
          removed: true,
          filesDeleted: deleteFiles && (await removeStored(settings.stateDir, name)),
          ...(imported.has(name) ? { comesBackBy: 'import' } : {}),
        });
      }
    } finally {
      await run.end();
    }
  });
}

/** The next renewal would want it again. @throws AcmeLedgerError `usage` */
function assertNotConfigured(settings: Settings, row: CertificateRow): void {
  const there = configuredCertificates(settings).get(row.name);
  if (row.origin !== 'configuration' || there === undefined) return;
  throw new AcmeLedgerError('usage', `the configuration wants the certificate ${printable(row.name)}`, {
    hint: `take it out there (${there.origin.label.replace(/:$/, '')}), and the next acme-ledger renew removes it; or leave it wanted and unordered: acme-ledger cert pause ${shellWord(printable(row.name))}`,
  });
}
