import { systemClock } from '../clock.ts';
import type { ConfiguredPlan } from '../ledger/certificates/configured.ts';
import { planConfigured, recordConfigured } from '../ledger/certificates/configured.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withLedger } from '../run/open-ledger.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import type { WantedByConfiguration } from './configured.ts';
import { configurationConflict, configuredCertificates } from './configured.ts';

/**
 * Writes the certificates of the configuration down, where the ledger doesn't say so already; without a list in it nothing happens.
 * @throws AcmeLedgerError `configuration`
 */
export async function writeConfigured(context: CommandContext): Promise<void> {
  if (context.settings.certificates === null) return;
  const configured = configuredCertificates(context.settings);
  const wantedCertificates = [...configured.values()].map(({ wanted }) => wanted);
  const plan = await withLedger(context.settings, (ledger) => planConfigured(ledger, wantedCertificates));
  assertNoConflict(plan, configured);
  if (plan.isDone) return;
  const written = await withLedgerWriter(context, 'renew', (writer) =>
    recordConfigured(writer, wantedCertificates),
  );
  assertNoConflict(written, configured);
}

/**
 * For commands that only look: `act` sees the ledger as it is once the configuration is written down, and nothing is written.
 * @throws AcmeLedgerError `configuration`
 */
export async function withWanted<T>(
  context: CommandContext,
  act: (ledger: Ledger) => Promise<T>,
): Promise<T> {
  const { certificates } = context.settings;
  return withLedger(context.settings, async (ledger) => {
    if (certificates === null) return act(ledger);
    const configured = configuredCertificates(context.settings);
    const wantedCertificates = [...configured.values()].map(({ wanted }) => wanted);
    const plan = await planConfigured(ledger, wantedCertificates);
    assertNoConflict(plan, configured);
    if (plan.isDone) return act(ledger);
    return undone(ledger, async (transaction) => {
      await recordConfigured({ ledger: transaction, runId: '', clock: systemClock }, wantedCertificates);
      return act(transaction);
    });
  });
}

/** Runs `act` in a transaction that is undone: what it writes is never there for anybody else. */
async function undone<T>(ledger: Ledger, act: (transaction: Ledger) => Promise<T>): Promise<T> {
  const transaction = await ledger.startTransaction().execute();
  try {
    return await act(transaction);
  } finally {
    await transaction.rollback().execute();
  }
}

function assertNoConflict(
  { conflicts }: ConfiguredPlan,
  configured: ReadonlyMap<string, WantedByConfiguration>,
): void {
  const first = configured.get(conflicts[0] ?? '');
  if (first !== undefined) throw configurationConflict(first);
}
