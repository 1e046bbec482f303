import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import { firstAskAt, noRenewalInfo } from './renewal-info.ts';
import type { Instant, Names } from '../columns.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** The certificate that was stored. */
export interface StoredFact {
  serial: string;
  notBefore: Date;
  notAfter: Date;
  /** The certificate's names, where they aren't all that are wanted. */
  issuedNames?: readonly string[] | null;
}

/** Records that the certificate's files are in place; the deploy hook has yet to run. */
export async function recordStored(
  writer: LedgerWriter,
  name: string,
  orderId: number,
  fact: StoredFact,
): Promise<{ storedAt: Instant; deployHook: string | null }> {
  return inTransaction(writer, async (tx) => {
    const storedAt = instant(tx);
    const { rows } = await markStored(tx.ledger, {
      name,
      orderId,
      serial: fact.serial,
      notBefore: fact.notBefore,
      notAfter: fact.notAfter,
      issuedNames: fact.issuedNames ?? null,
      at: storedAt,
      askAt: firstAskAt(tx.clock.now()),
    });
    await appendEvents(tx, [
      { kind: 'certificate-stored', certificateName: name, orderId, data: { serial: fact.serial } },
    ]);
    return { storedAt, deployHook: rows[0]?.deploy_hook ?? null };
  });
}

interface Stored {
  name: string;
  orderId: number;
  serial: string;
  notBefore: Instant;
  notAfter: Instant;
  issuedNames: Names | null;
  at: Instant;
  /** When to ask for renewal information. */
  askAt: Instant;
}

const markStored = compiledOnce((ledger, stored: Stored) =>
  ledger
    .updateTable('certificates')
    .set({
      serial: stored.serial,
      not_before: stored.notBefore,
      not_after: stored.notAfter,
      order_id: stored.orderId,
      issued_names: stored.issuedNames,
      stored_at: stored.at,
      deployed_at: null,
      revoked_at: null,
      last_error: null,
      ...noRenewalInfo(stored.askAt),
    })
    .where('name', '=', stored.name)
    .returning('deploy_hook'),
);

/** @param storedAt of the certificate that was deployed: nothing is written for a newer one */
export async function recordDeployed(
  writer: LedgerWriter,
  name: string,
  storedAt: Instant | null,
): Promise<void> {
  if (storedAt === null) return;
  await inTransaction(writer, async (tx) => {
    const { rows } = await markDeployed(tx.ledger, { name, storedAt, at: instant(tx) });
    if (rows.length > 0) await appendEvents(tx, [{ kind: 'certificate-deployed', certificateName: name }]);
  });
}

interface Deployed {
  name: string;
  storedAt: Instant;
  at: Instant;
}

const markDeployed = compiledOnce((ledger, { name, storedAt, at }: Deployed) =>
  ledger
    .updateTable('certificates')
    .set({ deployed_at: at, last_error: null })
    .where('name', '=', name)
    .where('stored_at', '=', storedAt)
    .returning('id'),
);
