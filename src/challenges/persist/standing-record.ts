import { timeText } from '../../clock.ts';
import { AcmeLedgerError, messageOf } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import type { StandingProof } from '../solver.ts';
import { type LookParts, shownValues } from './shown-values.ts';
import { parsePersistRecord, persistRecordName, type PersistRecord } from './record-text.ts';

/**
 * Looks, and changes nothing, whether every name server of the zone has a record that proves the name to the CA.
 * @returns when the first of them ends; null for never
 * @throws AcmeLedgerError `solver` when one has none that does; the signal's reason
 */
export async function standingRecordEnd(
  proof: StandingProof,
  parts: LookParts,
  signal: AbortSignal,
): Promise<Date | null> {
  const now = parts.clock.wallNow();
  const name = persistRecordName(proof.identifier.value);
  const shown = await shownValues(name.replace(/\.$/, ''), parts, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw unfit(proof, messageOf(error));
  });
  const ends = shown.map(({ server, values }) => {
    const records = values.flatMap((text) => parsePersistRecord(text) ?? []);
    const fit = records.filter((record) => misfit(record, proof, now) === null);
    if (fit.length > 0) return endOf(fit);
    throw unfit(proof, `${server} shows ${whyNone(records, proof, now)}`);
  });
  return ends.reduce((first, end) => (first === null || (end !== null && end < first) ? end : first), null);
}

/** The latest end of the records of one server: any of them will do. */
function endOf(records: readonly PersistRecord[]): Date | null {
  const ends = records.map(({ endsAt }) => endsAt);
  if (ends.includes(null)) return null;
  return ends.reduce((last, end) => (last === null || (end !== null && end > last) ? end : last), null);
}

/** Why a record doesn't prove the name to the CA; null when it does. */
function misfit(
  record: PersistRecord,
  { issuers, accountUris, isWildcard }: StandingProof,
  now: Date,
): string | null {
  if (issuers !== null && !issuers.includes(record.issuer)) return `one for another CA (${record.issuer})`;
  if (!accountUris.includes(record.accountUri)) return `one for another account (${record.accountUri})`;
  if (record.endsAt !== null && record.endsAt <= now) return `one that ended at ${timeText(record.endsAt)}`;
  return isWildcard && !record.isForWildcards ? 'one that is not for wildcards (policy=wildcard)' : null;
}

function whyNone(records: readonly PersistRecord[], proof: StandingProof, now: Date): string {
  const reasons = [...new Set(records.flatMap((record) => misfit(record, proof, now) ?? []))];
  return reasons.length === 0 ? 'none' : `only ${reasons.slice(0, 3).join(', ')}`;
}

function unfit({ identifier, isWildcard }: StandingProof, why: string): AcmeLedgerError {
  const name = `${isWildcard ? '*.' : ''}${identifier.value}`;
  return new AcmeLedgerError(
    'solver',
    `${persistRecordName(identifier.value)} has no record that proves ${name} to the CA by dns-persist-01: ${printable(why)}`,
    { hint: `acme-ledger dns-persist record ${shellWord(name)} prints the record to set` },
  );
}
