import { AcmeLedgerError } from '../../errors.ts';
import type { Clock } from '../../clock.ts';
import { queued } from '../queue.ts';
import type { DnsChange, DnsProvider, DnsRecord } from './provider.ts';

/** All TXT values at a name, quoted as the provider has them. */
export interface Rrset {
  values: string[];
  ttlSeconds: number;
}

/** The set changed between the look and the change: nothing was done. */
export class RrsetConflict extends Error {}

/** A provider whose API knows sets of values only, and changes one if it still is as it was read. */
export interface RrsetApi<Read extends Rrset> {
  title: string;
  /** Null where there is none. @throws AcmeLedgerError `solver` for a set that isn't to be touched */
  read(name: string, signal: AbortSignal): Promise<Read | null>;
  /** @param after null: the set is to go @throws RrsetConflict */
  replace(
    name: string,
    before: Read | null,
    after: Rrset | null,
    signal: AbortSignal,
  ): Promise<DnsChange | null>;
}

/** A resolver that looked too early keeps the answer no longer than this. */
const usualTtlSeconds = 60;
/** Other processes at the same name: each of them is through at once. */
const mostTries = 12;
const widestPauseMs = 1_000;

/** Adds a value to a set and takes it out of it: others' values stay, whoever changes the set meanwhile. */
export function rrsetProvider<Read extends Rrset>(
  api: RrsetApi<Read>,
  { clock }: { clock: Clock },
): DnsProvider {
  const change = async (
    { name }: DnsRecord,
    edit: (values: readonly string[]) => string[],
    signal: AbortSignal,
  ): Promise<DnsChange | null> => {
    for (let tries = 1; ; tries += 1) {
      const before = await api.read(name, signal);
      const had = before?.values ?? [];
      const values = edit(had);
      if (values.length === had.length) return null;
      const ttlSeconds = had.length > 0 ? (before?.ttlSeconds ?? usualTtlSeconds) : usualTtlSeconds;
      const after = values.length === 0 ? null : { values, ttlSeconds };
      try {
        return await api.replace(name, before, after, signal);
      } catch (error) {
        if (!(error instanceof RrsetConflict)) throw error;
        if (tries >= mostTries) throw neverTheSame(api.title, name, error);
        await clock.sleep(Math.random() * widestPauseMs, signal);
      }
    }
  };
  // Two at once of this process would only meet each other.
  const inTurn = <T>({ name }: DnsRecord, signal: AbortSignal, act: () => Promise<T>): Promise<T> =>
    queued(`${api.title} ${name}`, 1, signal, act);
  return {
    add: (record, signal) =>
      inTurn(record, signal, () =>
        change(record, (values) => [...withoutValue(values, record.value), quoted(record.value)], signal),
      ),
    async remove(record, signal) {
      await inTurn(record, signal, () =>
        change(record, (values) => withoutValue(values, record.value), signal),
      );
    },
  };
}

function withoutValue(values: readonly string[], value: string): string[] {
  return values.filter((each) => each !== quoted(value) && each !== value);
}

/** As a zone file has it (RFC 1035 §5.1); a value of dns-01 has nothing in it that would need a backslash. */
function quoted(value: string): string {
  return `"${value}"`;
}

function neverTheSame(title: string, name: string, cause: unknown): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `somebody else changes ${name} at ${title} all the time: our value found no moment between`,
    { hint: 'see what else edits this name; the next run tries again', cause },
  );
}
