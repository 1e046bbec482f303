import type { CertificatePause } from '../ledger/certificates/pauses.ts';
import { recordPaused, recordUnpaused } from '../ledger/certificates/pauses.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { inTransaction } from '../ledger/writer.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { wantedCertificate } from './wanted-certificate.ts';
import { writeConfigured } from './write-configured.ts';

export interface Paused {
  name: string;
  paused: CertificatePause;
  /** The end of the stored certificate; null where there is none. */
  notAfter: Date | null;
}

/**
 * Leaves certificates wanted and unordered, each name once. An attempt that a run has begun ends as it would.
 * @param until null: until `resumeWanted`
 * @throws AcmeLedgerError `not-found` before one is paused
 */
export async function pauseWanted(
  context: CommandContext,
  names: readonly string[],
  until: Date | null,
): Promise<Paused[]> {
  return eachWanted(context, 'cert pause', names, async (tx, row) => ({
    name: row.name,
    paused: await recordPaused(tx, row, until),
    notAfter: row.not_after,
  }));
}

export interface Resumed {
  name: string;
  /** False: it wasn't paused. */
  resumed: boolean;
}

/** Ends pauses, each name once. @throws AcmeLedgerError `not-found` before one is ended */
export async function resumeWanted(context: CommandContext, names: readonly string[]): Promise<Resumed[]> {
  return eachWanted(context, 'cert resume', names, async (tx, row) => ({
    name: row.name,
    resumed: await recordUnpaused(tx, row),
  }));
}

/** Does it with all of them in one transaction, or with none. */
async function eachWanted<T>(
  context: CommandContext,
  command: string,
  names: readonly string[],
  act: (tx: LedgerWriter, row: CertificateRow) => Promise<T>,
): Promise<T[]> {
  // What is new in the configuration can be paused before a renewal comes to it.
  await writeConfigured(context);
  const each = [...new Set(names)];
  // Nothing is made where there is no ledger.
  await withLedger(context.settings, (ledger) =>
    Promise.all(each.map((name) => wantedCertificate(ledger, name))),
  );
  return withLedgerWriter(context, command, (writer) =>
    inTransaction(writer, async (tx) => {
      const done: T[] = [];
      for (const name of each) done.push(await act(tx, await wantedCertificate(tx.ledger, name)));
      return done;
    }),
  );
}
