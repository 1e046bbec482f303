import type { ErrorRecord } from '../../errors.ts';
import type { CertificateWish } from './certificates.ts';
import { certificatesByName, isSameKind, isSameWish, resumeIfMended, wishValues } from './certificates.ts';
import { chunksOf } from '../chunks.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import { unkeepOrdersOf } from '../orders/orders.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import type { CertificateRow } from '../schema.ts';
import type { CertificateOrigin } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** How a wish changed the ledger, or would change it; `added` also where the certificate had been removed. */
export type WishOutcome = 'added' | 'changed' | 'unchanged';

/** A wish beside the ledger's row of that name. */
export interface ComparedWish {
  wish: CertificateWish;
  before: CertificateRow | undefined;
  outcome: WishOutcome;
}

/** Compares wishes, each name once, with the rows of the ledger. */
export async function compareWishes(
  ledger: Ledger,
  wishes: readonly CertificateWish[],
): Promise<ComparedWish[]> {
  const rows = await certificatesByName(
    ledger,
    wishes.map(({ name }) => name),
  );
  return wishes.map((wish) => {
    const before = rows.get(wish.name);
    return { wish, before, outcome: outcomeOf(before, wish) };
  });
}

function outcomeOf(before: CertificateRow | undefined, wish: CertificateWish): WishOutcome {
  if (before?.removed_at !== null) return 'added';
  return isSameWish(before, wish) ? 'unchanged' : 'changed';
}

/**
 * Writes wishes down, each name once, in one transaction, without an attempt to fulfil them. A row that
 * equals its wish isn't touched. A stored certificate stays known; it is due where it isn't of the kind that
 * is wanted now.
 */
export async function recordWishes(
  writer: LedgerWriter,
  wishes: readonly CertificateWish[],
  origin: CertificateOrigin,
): Promise<ComparedWish[]> {
  return inTransaction(writer, async (tx) => {
    const compared = await compareWishes(tx.ledger, wishes);
    const news = compared.filter(({ before }) => before === undefined);
    for (const chunk of chunksOf(news)) await insertWishes(tx, chunk, origin);
    for (const { wish, before, outcome } of compared) {
      if (before !== undefined && outcome !== 'unchanged') await updateWish(tx, wish, before, origin);
    }
    const written = compared.filter(({ outcome }) => outcome !== 'unchanged');
    for (const chunk of chunksOf(written)) {
      await appendEvents(
        tx,
        chunk.map(({ wish, outcome }) => ({
          kind: 'certificate-wanted',
          certificateName: wish.name,
          data: { origin, outcome },
        })),
      );
    }
    return compared;
  });
}

async function insertWishes(
  tx: LedgerWriter,
  chunk: readonly ComparedWish[],
  origin: CertificateOrigin,
): Promise<void> {
  const createdAt = instant(tx);
  await tx.ledger
    .insertInto('certificates')
    .values(
      chunk.map(({ wish }) => ({ ...wishValues(wish), name: wish.name, origin, created_at: createdAt })),
    )
    .execute();
}

async function updateWish(
  tx: LedgerWriter,
  wish: CertificateWish,
  before: CertificateRow,
  origin: CertificateOrigin,
): Promise<void> {
  const isOther = !isSameKind(before, wish);
  await resumeIfMended(tx, before, wish);
  await tx.ledger
    .updateTable('certificates')
    .set({
      ...wishValues(wish),
      origin,
      last_error: atOnce(before.last_error),
      ...(isOther ? { order_id: null } : {}),
    })
    .where('id', '=', before.id)
    .execute();
  // No attempt comes for an order with the names of before.
  if (isOther) await unkeepOrdersOf(tx, wish.name, identifierSetKey(wish.names.map(parseName)));
}

/** The certificate's last error without its time to retry: a changed wish may be tried at once. */
function atOnce(lastError: ErrorRecord | null): ErrorRecord | null {
  return lastError === null ? null : { ...lastError, retryAt: null };
}
