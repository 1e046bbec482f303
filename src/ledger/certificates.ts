import { appendEvents } from './events.ts';
import type { Ledger } from './open.ts';
import type { CertificateRow, NewCertificate } from './schema.ts';
import type { LedgerWriter } from './writer.ts';
import { inTransaction, instant } from './writer.ts';

/** What a certificate should be: the person's wish, as the next renewal repeats it. */
export interface CertificateWish {
  name: string;
  ca: string;
  names: readonly string[];
  keyType: string;
  reuseKey: boolean;
  profile: string | null;
  preferredChain: string | null;
  /** Solver settings: plain data, no secrets. */
  settings: unknown;
  csr: Buffer | null;
  deployHook: string | null;
}

/** What was stored. */
export interface StoredFact {
  serial: string;
  notBefore: Date;
  notAfter: Date;
}

/** Writes the wish down; an older one of the same name is replaced, what exists of it stays known. */
export async function recordWish(
  writer: LedgerWriter,
  wish: CertificateWish,
  accountId: number | null,
): Promise<CertificateRow> {
  const values: Partial<NewCertificate> & Omit<NewCertificate, 'name' | 'created_at'> = {
    account_id: accountId,
    ca: wish.ca,
    names: JSON.stringify(wish.names),
    key_type: wish.keyType,
    reuse_key: wish.reuseKey ? 1 : 0,
    profile: wish.profile ?? '',
    preferred_chain: wish.preferredChain,
    settings: JSON.stringify(wish.settings),
    csr: wish.csr?.toString('base64') ?? null,
    deploy_hook: wish.deployHook,
    removed_at: null,
    last_attempt_at: instant(writer),
  };
  return writer.ledger
    .insertInto('certificates')
    .values({ ...values, name: wish.name, created_at: instant(writer) })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(values))
    .returningAll()
    .executeTakeFirstOrThrow();
}

export async function certificateByName(ledger: Ledger, name: string): Promise<CertificateRow | undefined> {
  return ledger.selectFrom('certificates').selectAll().where('name', '=', name).executeTakeFirst();
}

/** Certificates that should exist, by name. */
export async function listCertificates(ledger: Ledger): Promise<CertificateRow[]> {
  return ledger
    .selectFrom('certificates')
    .selectAll()
    .where('removed_at', 'is', null)
    .orderBy('name')
    .execute();
}

/** The files are in place; the deploy hook has yet to run. */
export async function recordStored(
  writer: LedgerWriter,
  name: string,
  orderId: number,
  fact: StoredFact,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      .set({
        serial: fact.serial,
        not_before: fact.notBefore.toISOString(),
        not_after: fact.notAfter.toISOString(),
        order_id: orderId,
        stored_at: instant(tx),
        deployed_at: null,
        revoked_at: null,
        last_error: null,
      })
      .where('name', '=', name)
      .execute();
    await appendEvents(tx, [
      { kind: 'certificate-stored', certificateName: name, orderId, data: { serial: fact.serial } },
    ]);
  });
}

export async function recordDeployed(writer: LedgerWriter, name: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      .set({ deployed_at: instant(tx), last_error: null })
      .where('name', '=', name)
      .execute();
    await appendEvents(tx, [{ kind: 'certificate-deployed', certificateName: name }]);
  });
}

export async function recordFailed(writer: LedgerWriter, name: string, error: unknown): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      .set({ last_error: JSON.stringify(error), last_attempt_at: instant(tx) })
      .where('name', '=', name)
      .execute();
    await appendEvents(tx, [{ kind: 'certificate-failed', certificateName: name, data: error }]);
  });
}

export async function recordRemoved(writer: LedgerWriter, name: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      .set({ removed_at: instant(tx) })
      .where('name', '=', name)
      .execute();
    await appendEvents(tx, [{ kind: 'certificate-removed', certificateName: name }]);
  });
}

export async function recordRevoked(writer: LedgerWriter, name: string): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('certificates')
      .set({ revoked_at: instant(tx) })
      .where('name', '=', name)
      .execute();
    await appendEvents(tx, [{ kind: 'certificate-revoked', certificateName: name }]);
  });
}
