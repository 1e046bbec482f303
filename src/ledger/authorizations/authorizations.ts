import type { ErrorRecord } from '../../errors.ts';
import { compiledOnce } from '../compiled.ts';
import { appendEvents } from '../events.ts';
import { countFailure, endFailuresInARow } from '../limits/failure-counts.ts';
import { endPendingHold } from '../limits/holds.ts';
import type { Ledger } from '../ledger.ts';
import type { AuthorizationRow } from '../schema.ts';
import type { Instant } from '../columns.ts';
import type { AuthorizationStatus } from '../states.ts';
import { authorizationStatusesBefore, isSubmitted } from '../states.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

/** An authorization as the CA showed it. `error` is an ERROR of docs/json.md for an invalid one. */
export interface AuthorizationSeen {
  url: string;
  status: AuthorizationStatus;
  /** Null when the CA only told the state (404, or an order that became ready). */
  identifier: { type: string; value: string; wildcard: boolean } | null;
  expiresAt: Date | null;
  /**
   * When the CA was asked; now when left out. The answer may be on its way for half a minute, and shows an
   * earlier state.
   */
  askedAt?: Date;
  error?: ErrorRecord;
  /** The request that closed the authorization was counted as a failure before it was sent. */
  isCounted?: true;
}

/**
 * The authorization's name as people write it, a wildcard with `*.`; null before the CA was asked for the
 * authorization.
 */
export function nameProven(row: Pick<AuthorizationRow, 'identifier' | 'wildcard'>): string | null {
  if (row.identifier === null) return null;
  return row.wildcard ? `*.${row.identifier}` : row.identifier;
}

/** The rows of one order's authorizations, oldest first. */
export async function authorizationsOf(ledger: Ledger, orderId: number): Promise<AuthorizationRow[]> {
  return (await ofOrder(ledger, { orderId })).rows;
}

const ofOrder = compiledOnce((ledger, { orderId }: { orderId: number }) =>
  ledger
    .selectFrom('authorizations')
    .innerJoin('order_authorizations', 'order_authorizations.authorization_id', 'authorizations.id')
    .selectAll('authorizations')
    .where('order_authorizations.order_id', '=', orderId)
    .orderBy('authorizations.id'),
);

export async function authorizationByUrl(ledger: Ledger, url: string): Promise<AuthorizationRow | undefined> {
  return (await ofUrl(ledger, { url })).rows[0];
}

const ofUrl = compiledOnce((ledger, { url }: { url: string }) =>
  ledger.selectFrom('authorizations').selectAll().where('url', '=', url),
);

export async function authorizationById(ledger: Ledger, id: number): Promise<AuthorizationRow | undefined> {
  return ledger.selectFrom('authorizations').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Authorizations that the ledger holds as pending, oldest first. */
export async function pendingAuthorizations(ledger: Ledger, accountId: number): Promise<AuthorizationRow[]> {
  return ledger
    .selectFrom('authorizations')
    .selectAll()
    .where('account_id', '=', accountId)
    .where('status', '=', 'pending')
    .orderBy('id')
    .execute();
}

/**
 * Records these authorizations as the CA showed them, at `askedAt` or now. A move that RFC 8555 §7.1.6
 * doesn't know (from a final state back to pending) is noted as a `difference` event and not believed.
 */
export async function recordSeen(writer: LedgerWriter, seen: readonly AuthorizationSeen[]): Promise<void> {
  if (seen.length === 0) return;
  await inTransaction(writer, async (tx) => {
    for (const one of seen) await recordOne(tx, one);
  });
}

async function recordOne(writer: LedgerWriter, seen: AuthorizationSeen): Promise<void> {
  const before = await authorizationByUrl(writer.ledger, seen.url);
  if (before === undefined) return;
  const possible = authorizationStatusesBefore(seen.status).includes(before.status);
  await update(writer.ledger, {
    ...before,
    checked_at: later(before.checked_at, seen.askedAt ?? instant(writer)),
    status: possible ? seen.status : before.status,
    // An authorization is for one identifier as long as it lives: another identifier is not believed.
    ...(seen.identifier === null || before.identifier !== null
      ? {}
      : {
          identifier_type: seen.identifier.type,
          identifier: seen.identifier.value,
          wildcard: seen.identifier.wildcard,
        }),
    expires_at: seen.expiresAt ?? endAfter(before, seen.status),
    error: seen.error ?? before.error,
  });
  // An authorization that another client made may have ended long before this first look: its end isn't
  // counted.
  const isStranger = before.source !== 'order' && before.checked_at === null;
  if (possible && before.status === 'pending' && !isStranger) {
    await countVerdict(writer, before, seen);
    if (seen.status !== 'pending') await endPendingHold(writer, before.account_id);
  }
  if (before.status === seen.status && before.checked_at !== null) return;
  await appendEvents(writer, [
    {
      kind: possible ? 'authorization-status' : 'difference',
      authorizationId: before.id,
      accountId: before.account_id,
      data: { from: before.status, to: seen.status },
    },
  ]);
}

/**
 * A CA gives an authorization that becomes valid a new `expires`. An order that became ready doesn't show
 * that time, so it isn't known then.
 */
function endAfter({ status, expires_at }: AuthorizationRow, now: AuthorizationStatus): Instant | null {
  return status === 'pending' && now === 'valid' ? null : expires_at;
}

/** An answer may be recorded long after it came: the answer to the later question tells more. */
function later(one: Instant | null, other: Instant): Instant {
  return one !== null && one > other ? one : other;
}

type Shown = Pick<
  AuthorizationRow,
  'id' | 'checked_at' | 'status' | 'identifier_type' | 'identifier' | 'wildcard' | 'expires_at' | 'error'
>;

const update = compiledOnce((ledger, shown: Shown) =>
  ledger
    .updateTable('authorizations')
    .set({
      checked_at: shown.checked_at,
      status: shown.status,
      identifier_type: shown.identifier_type,
      identifier: shown.identifier,
      wildcard: shown.wildcard,
      expires_at: shown.expires_at,
      error: shown.error,
    })
    .where('id', '=', shown.id),
);

/**
 * Follows the CA's count of failed validations: counts what the CA has decided about the authorization since
 * the last look.
 */
async function countVerdict(
  writer: LedgerWriter,
  before: AuthorizationRow,
  { status, identifier, isCounted }: AuthorizationSeen,
): Promise<void> {
  const seen = identifier === null ? null : { identifier: identifier.value, wildcard: identifier.wildcard };
  const name = nameProven(seen === null ? before : seen);
  if (name === null) return;
  const isDeactivation = status === 'deactivated' && writer.limits?.countsDeactivations === true;
  // The run that closes the authorization has counted the failure already, and is yet to record the outcome.
  const isClosers = before.closing_run_id !== null && (isDeactivation || isSubmitted(before.challenge));
  if ((status === 'invalid' || isDeactivation) && isCounted !== true && !isClosers) {
    await countFailure(writer, before.account_id, name);
  }
  // An authorization that the CA reuses was valid before its challenge was submitted: nothing has been
  // validated.
  if (status === 'valid' && isSubmitted(before.challenge)) {
    await endFailuresInARow(writer, before.account_id, [name]);
  }
}

/**
 * Records that the CA doesn't deactivate an authorization (RFC 8555 §7.5.2 lets it refuse; step-ca and Caddy
 * don't implement it): the authorization ends by expiring.
 */
export async function recordRefused(
  writer: LedgerWriter,
  authorizationId: number,
  error: ErrorRecord,
): Promise<void> {
  await inTransaction(writer, async (tx) => {
    await tx.ledger
      .updateTable('authorizations')
      .set({ refused_at: instant(tx), error })
      .where('id', '=', authorizationId)
      .where('status', '=', 'pending')
      .execute();
    await appendEvents(tx, [{ kind: 'authorization-refused', authorizationId, data: error }]);
  });
}
