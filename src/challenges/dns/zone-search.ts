import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';

/** The names that a record's zone may have, the longest first; without the top-level domain. */
export function zoneCandidates(name: string): string[] {
  const labels = name.split('.');
  return labels.slice(0, -1).map((_, index) => labels.slice(index).join('.').toLowerCase());
}

/**
 * A function that finds the zone that a record lies in: the longest of those that the account has. What was found is kept.
 * @param ask null when the account has no zone of that very name
 */
export function zoneSearch<Zone>(
  title: string,
  ask: (candidate: string, signal: AbortSignal) => Promise<Zone | null>,
): (name: string, signal: AbortSignal) => Promise<Zone> {
  const known = new Map<string, Zone | null>();
  return async (name, signal) => {
    for (const candidate of zoneCandidates(name)) {
      const found = known.get(candidate);
      const zone = found === undefined ? await ask(candidate, signal) : found;
      known.set(candidate, zone);
      if (zone !== null) return zone;
    }
    throw new AcmeLedgerError(
      'solver',
      `${title} shows no zone for ${printable(name)} to these credentials`,
      {
        hint: 'see whether the zone is in this account, and whether the credentials may read it',
      },
    );
  };
}
