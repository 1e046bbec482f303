import { AcmeLedgerError } from '../../errors.ts';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import type { OrderRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { instant } from '../writer.ts';

export interface Intent {
  accountId: number;
  certificateName: string;
  names: readonly string[];
  namesKey: string;
  profile: string;
  replaces: string | null;
  rehearsal?: object | null;
  /** When a lost order's authorizations must have expired. */
  reservedUntil: Date;
}

/**
 * Writes the intent down, and reserves the authorizations that it may open. Its gate is
 * `issuance/attempt/gate.ts`.
 */
export async function insertIntent(writer: LedgerWriter, intent: Intent): Promise<OrderRow> {
  const at = instant(writer);
  const {
    rows: [row],
  } = await insertOrder(writer.ledger, {
    account_id: intent.accountId,
    certificate_name: intent.certificateName,
    names: intent.names,
    names_key: intent.namesKey,
    profile: intent.profile,
    replaces: intent.replaces,
    rehearsal: intent.rehearsal ?? null,
    status: 'intent',
    reserved: intent.names.length,
    reserved_until: intent.reservedUntil,
    run_id: writer.runId,
    created_at: at,
    updated_at: at,
  });
  if (row === undefined) throw new AcmeLedgerError('bug', 'the ledger gave no row for a new order');
  await appendEvents(writer, [
    {
      kind: 'order-intent',
      accountId: row.account_id,
      orderId: row.id,
      certificateName: row.certificate_name,
    },
  ]);
  return row;
}

type NewOrderRow = Omit<
  OrderRow,
  | 'id'
  | 'url'
  | 'finalize_url'
  | 'certificate_url'
  | 'expires_at'
  | 'kept_until'
  | 'finalize_sent_at'
  | 'csr_sha256'
  | 'concluded_at'
  | 'stuck_at'
  | 'error'
>;

const insertOrder = compiledOnce((ledger, row: NewOrderRow) =>
  ledger
    .insertInto('orders')
    .values({
      account_id: row.account_id,
      certificate_name: row.certificate_name,
      names: row.names,
      names_key: row.names_key,
      profile: row.profile,
      replaces: row.replaces,
      rehearsal: row.rehearsal,
      status: row.status,
      reserved: row.reserved,
      reserved_until: row.reserved_until,
      run_id: row.run_id,
      created_at: row.created_at,
      updated_at: row.updated_at,
    })
    .returningAll(),
);

/** The one order for these names that isn't concluded (a unique index sees to it). */
export async function liveOrderFor(
  ledger: Ledger,
  accountId: number,
  namesKey: string,
  profile: string,
): Promise<OrderRow | undefined> {
  return (await liveOf(ledger, { accountId, namesKey, profile })).rows[0];
}

const liveOf = compiledOnce(
  (ledger, { accountId, namesKey, profile }: Pick<Intent, 'accountId' | 'namesKey' | 'profile'>) =>
    ledger
      .selectFrom('orders')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('names_key', '=', namesKey)
      .where('profile', '=', profile)
      .where('concluded_at', 'is', null)
      .where('stuck_at', 'is', null),
);
