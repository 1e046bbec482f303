import type { ErrorRecord } from '../../errors.ts';
import type { WantedCertificate } from './certificates.ts';
import {
  certificatesByName,
  isSameKind,
  isWantedAlike,
  originAfter,
  resumeIfMended,
  wantedValues,
} from './certificates.ts';
import { chunksOf } from '../chunks.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import { unkeepOrdersOf } from '../orders/orders.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import type { CertificateRow } from '../schema.ts';
import type { CertificateOrigin } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** How writing a certificate down as wanted changed the ledger, or would change it; `added` also where the certificate had been removed. */
export type WantedOutcome = 'added' | 'changed' | 'unchanged';

/** What is wanted beside the ledger's row of that name. */
export interface ComparedCertificate {
  wanted: WantedCertificate;
  before: CertificateRow | undefined;
  outcome: WantedOutcome;
}

/** Compares what is wanted, each name once, with the rows of the ledger. */
export async function compareWanted(
  ledger: Ledger,
  wantedCertificates: readonly WantedCertificate[],
): Promise<ComparedCertificate[]> {
  const rows = await certificatesByName(
    ledger,
    wantedCertificates.map(({ name }) => name),
  );
  return wantedCertificates.map((wanted) => {
    const before = rows.get(wanted.name);
    return { wanted, before, outcome: outcomeOf(before, wanted) };
  });
}

function outcomeOf(before: CertificateRow | undefined, wanted: WantedCertificate): WantedOutcome {
  if (before?.removed_at !== null) return 'added';
  return isWantedAlike(before, wanted) ? 'unchanged' : 'changed';
}

/**
 * Writes down what is wanted, each name once, in one transaction; nothing is ordered. A row that says the
 * same isn't touched. A stored certificate stays known; it is due where it isn't of the kind that
 * is wanted now.
 */
export async function recordAllWanted(
  writer: LedgerWriter,
  wantedCertificates: readonly WantedCertificate[],
  origin: CertificateOrigin,
): Promise<ComparedCertificate[]> {
  return inTransaction(writer, async (tx) => {
    const compared = await compareWanted(tx.ledger, wantedCertificates);
    const news = compared.filter(({ before }) => before === undefined);
    for (const chunk of chunksOf(news)) await insertWanted(tx, chunk, origin);
    for (const { wanted, before, outcome } of compared) {
      if (before !== undefined && outcome !== 'unchanged') await updateWanted(tx, wanted, before, origin);
    }
    const written = compared.filter(({ outcome }) => outcome !== 'unchanged');
    for (const chunk of chunksOf(written)) {
      await appendEvents(
        tx,
        chunk.map(({ wanted, outcome }) => ({
          kind: 'certificate-wanted',
          certificateName: wanted.name,
          data: { origin, outcome },
        })),
      );
    }
    return compared;
  });
}

async function insertWanted(
  tx: LedgerWriter,
  chunk: readonly ComparedCertificate[],
  origin: CertificateOrigin,
): Promise<void> {
  const createdAt = instant(tx);
  await tx.ledger
    .insertInto('certificates')
    .values(
      chunk.map(({ wanted }) => ({
        ...wantedValues(wanted),
        name: wanted.name,
        origin,
        created_at: createdAt,
      })),
    )
    .execute();
}

async function updateWanted(
  tx: LedgerWriter,
  wanted: WantedCertificate,
  before: CertificateRow,
  origin: CertificateOrigin,
): Promise<void> {
  const isOther = !isSameKind(before, wanted);
  await resumeIfMended(tx, before, wanted);
  await tx.ledger
    .updateTable('certificates')
    .set({
      ...wantedValues(wanted),
      origin: origin === 'command' ? originAfter(before, wanted) : origin,
      last_error: atOnce(before.last_error),
      ...(isOther ? { order_id: null } : {}),
    })
    .where('id', '=', before.id)
    .execute();
  // No attempt comes for an order with the names of before.
  if (isOther) await unkeepOrdersOf(tx, wanted.name, identifierSetKey(wanted.names.map(parseName)));
}

/** The certificate's last error without its time to retry: what is wanted otherwise may be tried at once. */
function atOnce(lastError: ErrorRecord | null): ErrorRecord | null {
  return lastError === null ? null : { ...lastError, retryAt: null };
}
