import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import { identifierSetKey } from '../identifiers.ts';
import { holdsOf, moveHolds, recordHold } from '../ledger/holds.ts';
import type { HoldRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { Asked } from './told-limit.ts';
import { emptyToldBucket } from './told-bucket.ts';
import { isUnder, toldLimit } from './told-limit.ts';

/** What stands against asking the CA for something now: a run of this ledger was told to come back later. Null when nothing does. */
export async function holdAgainst(
  writer: LedgerWriter,
  accountId: number,
  asked: Asked,
): Promise<HoldRow | null> {
  const now = writer.clock.now();
  const holds = await holdsOf(writer.ledger, accountId, now);
  // The clock went back: from its new time on, the wait passes.
  if (holds.some(({ noted_at }) => noted_at === now.toISOString())) await moveHolds(writer, accountId);
  return holdAmong(holds, asked);
}

/** @param holds the last to end first */
export function holdAmong(holds: readonly HoldRow[], asked: Asked): HoldRow | null {
  return holds.find((hold) => concerns(hold, asked)) ?? null;
}

function concerns({ scope, subject }: HoldRow, asked: Asked): boolean {
  const names = asked.kind === 'newOrder' ? asked.identifiers : [];
  switch (scope) {
    case 'requests':
      return true;
    case 'registration':
      return asked.kind === 'newAccount';
    case 'orders':
      return asked.kind === 'newOrder';
    case 'domain':
      return names.some(({ value }) => isUnder(value, subject));
    case 'name':
      return names.some(({ value }) => value === subject);
    case 'names':
      return asked.kind === 'newOrder' && identifierSetKey(names) === subject;
  }
}

/** Writes down what the CA's refusal asks of every run on this ledger. @returns until when, or null when it asks for nothing */
export async function noteHold(
  writer: LedgerWriter,
  accountId: number,
  asked: Asked,
  error: unknown,
): Promise<Date | null> {
  if (!(error instanceof AcmeLedgerError)) return null;
  const told = toldLimit(error, asked, writer.clock.now());
  // What the ledger told us was heard from it already.
  if (told === null || heard.has(error)) return null;
  await inTransaction(writer, async (tx) => {
    await recordHold(tx, { accountId, ...told, error: errorRecord(error) });
    await emptyToldBucket(tx, accountId, told);
  });
  return told.notBefore;
}

/** The refusal again, as an error: nothing was sent. */
export function heldError(hold: HoldRow): AcmeLedgerError {
  const { message, problem, hint } = JSON.parse(hold.error) as ErrorRecord;
  const error = new AcmeLedgerError(
    'ca-limit',
    `the CA asked at ${hold.noted_at} not to be asked before ${hold.not_before} (${hold.limit_name}): ${message}`,
    {
      hint: `nothing was sent now${hint === null ? '' : `; ${hint}`}`,
      retryAt: new Date(hold.not_before),
      ...(problem === null ? {} : { problem }),
    },
  );
  heard.add(error);
  return error;
}

const heard = new WeakSet<AcmeLedgerError>();
