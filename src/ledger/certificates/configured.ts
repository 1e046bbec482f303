import type { WantedCertificate } from './certificates.ts';
import { recordRemoved } from './certificates.ts';
import { chunksOf } from '../chunks.ts';
import type { Ledger } from '../ledger.ts';
import { unkeepOrdersOf } from '../orders/orders.ts';
import type { ComparedCertificate } from './wanted.ts';
import { compareWanted, recordAllWanted } from './wanted.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction } from '../writer.ts';

/** How the configuration's list of certificates differs from the ledger. */
export interface ConfiguredPlan {
  /** Names under which a command or an import wants another certificate. */
  conflicts: string[];
  /** Names that a command or an import wants exactly as the configuration does. */
  takenOver: string[];
  /** Names that the configuration wanted and wants no more. */
  gone: string[];
  /** The ledger says all this already. */
  isDone: boolean;
}

export async function planConfigured(
  ledger: Ledger,
  wantedCertificates: readonly WantedCertificate[],
): Promise<ConfiguredPlan> {
  const compared = await compareWanted(ledger, wantedCertificates);
  const conflicts = namesOf(compared.filter((one) => one.outcome === 'changed' && isOfOthers(one)));
  const takenOver = namesOf(compared.filter((one) => one.outcome === 'unchanged' && isOfOthers(one)));
  const gone = await goneFrom(ledger, new Set(wantedCertificates.map(({ name }) => name)));
  const isDone =
    compared.every(({ outcome }) => outcome === 'unchanged') && takenOver.length === 0 && gone.length === 0;
  return { conflicts, takenOver, gone, isDone };
}

/**
 * Makes the ledger want the certificates of the configuration, in one transaction: certificates that are gone
 * from the configuration are removed, those that others want are left alone. Nothing is written when there
 * are conflicts.
 */
export async function recordConfigured(
  writer: LedgerWriter,
  wantedCertificates: readonly WantedCertificate[],
): Promise<ConfiguredPlan> {
  return inTransaction(writer, async (tx) => {
    const plan = await planConfigured(tx.ledger, wantedCertificates);
    if (plan.conflicts.length > 0 || plan.isDone) return plan;
    await recordAllWanted(tx, wantedCertificates, 'configuration');
    for (const chunk of chunksOf(plan.takenOver)) {
      await tx.ledger
        .updateTable('certificates')
        .set({ origin: 'configuration' })
        .where('name', 'in', chunk)
        .execute();
    }
    for (const name of plan.gone) {
      await recordRemoved(tx, name);
      await unkeepOrdersOf(tx, name);
    }
    return plan;
  });
}

function isOfOthers({ before }: ComparedCertificate): boolean {
  return before !== undefined && before.origin !== 'configuration';
}

function namesOf(compared: readonly ComparedCertificate[]): string[] {
  return compared.map(({ wanted }) => wanted.name);
}

async function goneFrom(ledger: Ledger, wanted: ReadonlySet<string>): Promise<string[]> {
  const rows = await ledger
    .selectFrom('certificates')
    .select('name')
    .where('origin', '=', 'configuration')
    .where('removed_at', 'is', null)
    .execute();
  return rows.map(({ name }) => name).filter((name) => !wanted.has(name));
}
