import type { ErrorRecord } from '../../errors.ts';
import { appendEvents } from '../events.ts';
import type { Ledger } from '../ledger.ts';
import type { IdentifierRow, ProbeRow } from '../schema.ts';
import type { LedgerWriter } from '../writer.ts';
import { inTransaction, instant } from '../writer.ts';

export interface NewProbe {
  /** Solver settings as `certificates.settings` has them. */
  settings: object;
  challengeType: string;
  /** The name without `*.`. */
  identifier: { type: string; value: string };
  token: string;
  keyAuthorization: string;
}

/**
 * No probe is put off for longer: 32 days between two that found a name well (src/probe/probe-choice.ts), and
 * a day for clocks.
 */
export const farthestProbeMs = 33 * 86_400_000;

/**
 * Records a probe before the solver acts: an answer that may be up is known, also after a crash. The name
 * isn't probed again before `againAt`, whatever becomes of this probe.
 * @param name the name as it was chosen
 * @returns null when another run was first, or an earlier probe's answer is still up
 */
export async function beginProbe(
  writer: LedgerWriter,
  name: IdentifierRow,
  probe: NewProbe,
  againAt: Date,
): Promise<ProbeRow | null> {
  return inTransaction(writer, async (tx) => {
    const now = instant(tx);
    const left = await tx.ledger
      .selectFrom('probes')
      .select('id')
      .where('identifier_id', '=', name.id)
      .executeTakeFirst();
    if (left !== undefined) return null;
    const claimed = await tx.ledger
      .updateTable('identifiers')
      .set({ probe_at: againAt })
      .where('id', '=', name.id)
      .where('consecutive_failures', '>', 0)
      .where((eb) =>
        eb.or([
          eb('probe_at', 'is', null),
          eb('probe_at', '<=', now),
          // A time beyond that was written by a clock that was ahead.
          eb('probe_at', '>', new Date(now.getTime() + farthestProbeMs)),
        ]),
      )
      .returning('id')
      .executeTakeFirst();
    return claimed === undefined ? null : insertProbe(tx, name.id, probe);
  });
}

/**
 * Records a test answer that a person asked for before the solver acts, for any name of the account, be it
 * one that was never ordered.
 * @param name as an order would hold it
 * @returns null when an earlier answer is still up
 */
export async function beginTestAnswer(
  writer: LedgerWriter,
  accountId: number,
  name: { type: string; value: string },
  probe: NewProbe,
): Promise<ProbeRow | null> {
  return inTransaction(writer, async (tx) => {
    const own = { account_id: accountId, ...name };
    await tx.ledger
      .insertInto('identifiers')
      .values({ ...own, consecutive_failures: 0 })
      .onConflict((conflict) => conflict.columns(['account_id', 'type', 'value']).doNothing())
      .execute();
    const { id } = await tx.ledger
      .selectFrom('identifiers')
      .select('id')
      .where('account_id', '=', accountId)
      .where('type', '=', name.type)
      .where('value', '=', name.value)
      .executeTakeFirstOrThrow();
    const left = await tx.ledger
      .selectFrom('probes')
      .select('id')
      .where('identifier_id', '=', id)
      .executeTakeFirst();
    return left === undefined ? insertProbe(tx, id, probe) : null;
  });
}

async function insertProbe(tx: LedgerWriter, identifierId: number, probe: NewProbe): Promise<ProbeRow> {
  return tx.ledger
    .insertInto('probes')
    .values({
      identifier_id: identifierId,
      run_id: tx.runId,
      settings: probe.settings,
      challenge_type: probe.challengeType,
      identifier_type: probe.identifier.type,
      identifier: probe.identifier.value,
      token: probe.token,
      key_authorization: probe.keyAuthorization,
      created_at: instant(tx),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Whether the answer of a probe is, or may be, still up. */
export async function isProbeUp(ledger: Ledger, { id }: Pick<ProbeRow, 'id'>): Promise<boolean> {
  const row = await ledger.selectFrom('probes').select('id').where('id', '=', id).executeTakeFirst();
  return row !== undefined;
}

/** Probes whose answer is up, or was about to be, and that nobody has taken down yet. */
export async function probesUp(ledger: Ledger): Promise<ProbeRow[]> {
  return ledger.selectFrom('probes').selectAll().orderBy('id').execute();
}

/** @returns whether the dead run's probe is ours now; false when another run was first */
export async function takeOverProbe(writer: LedgerWriter, probe: ProbeRow): Promise<boolean> {
  const taken = await writer.ledger
    .updateTable('probes')
    .set({ run_id: writer.runId })
    .where('id', '=', probe.id)
    .where('run_id', '=', probe.run_id)
    .executeTakeFirst();
  return taken.numUpdatedRows === 1n;
}

/** Removes the row of a probe: its answer isn't up any more. */
export async function recordProbeTakenDown(writer: LedgerWriter, probe: ProbeRow): Promise<void> {
  await writer.ledger.deleteFrom('probes').where('id', '=', probe.id).execute();
}

/** Records why a probe's answer couldn't be taken down: the row stays, for the next run to try again. */
export async function recordProbeLeftUp(
  writer: LedgerWriter,
  probe: ProbeRow,
  error: ErrorRecord,
): Promise<void> {
  await writer.ledger.updateTable('probes').set({ error }).where('id', '=', probe.id).execute();
}

/** Records why a probe found the name not well. @param againAt when it is probed again, where no answer was put up */
export async function recordProbeFailure(
  writer: LedgerWriter,
  name: IdentifierRow,
  error: ErrorRecord,
  againAt?: Date,
): Promise<void> {
  await writer.ledger
    .updateTable('identifiers')
    .set({ probe_error: error, ...(againAt === undefined ? {} : { probe_at: againAt }) })
    .where('id', '=', name.id)
    .where('consecutive_failures', '>', 0)
    .execute();
}

/**
 * Records that a probe found the name well, as far as can be seen without the CA: orders may name it at once.
 * The count and the beginning of its failures stay, so that one more failure at the CA suspends the name
 * again, or makes it wait as long as it would have. No probe lifts that before `againAt`.
 * @returns false when the name failed anew, or was proven, since it was chosen
 */
export async function recordHealthy(
  writer: LedgerWriter,
  name: IdentifierRow,
  againAt: Date,
): Promise<boolean> {
  return inTransaction(writer, async (tx) => {
    const lifted = await tx.ledger
      .updateTable('identifiers')
      .set((eb) => ({
        next_attempt_at: null,
        suspended_at: null,
        probe_step: eb('probe_step', '+', 1),
        probe_at: againAt,
        probe_error: null,
      }))
      .where('id', '=', name.id)
      .where('consecutive_failures', '=', name.consecutive_failures)
      .where('last_failure_at', 'is', name.last_failure_at)
      .returning('id')
      .executeTakeFirst();
    if (lifted === undefined) return false;
    await appendEvents(tx, [
      { kind: 'name-healthy', accountId: name.account_id, data: { name: name.value } },
    ]);
    return true;
  });
}
