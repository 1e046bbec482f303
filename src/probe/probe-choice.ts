import { isStillAhead } from '../bounded-wait.ts';
import { later } from '../clock.ts';
import type { Due } from '../issuance/due/due.ts';
import { isProbeable } from '../issuance/names/failing-names.ts';
import { type FailingNames, chooseNames, missingNames } from '../issuance/names/name-choice.ts';
import { farthestProbeMs } from '../ledger/names/probes.ts';
import type { CertificateRow, IdentifierRow } from '../ledger/schema.ts';

const dayMs = 86_400_000;

/** How long at most a name that only looks well is left alone between two lifts. */
const longestLiftMs = 32 * dayMs;

/** Names that failed together shall not be probed together for ever. */
const jitter = 0.1;

/** When a name is probed again, whatever becomes of the probe that begins now. */
export function nextProbeAt(now: Date, everyMs: number, random: () => number = Math.random): Date {
  return later(now, Math.round(everyMs * (1 + jitter * random())));
}

/**
 * When a name that a probe has found well is probed again, unless the CA agrees: after 1, 2, 4 … 32 days.
 * Each time that a probe finds it well and the CA doesn't costs a failed validation.
 * @param step such probes in a row, from 1
 */
export function nextLiftAt(now: Date, step: number): Date {
  return later(now, Math.min(dayMs * 2 ** (step - 1), longestLiftMs));
}

/**
 * The names that keep a certificate from being worked on, or from being whole, and that a free probe may
 * bring back now.
 * @param due null when the certificate isn't due; then only the names that it lacks matter
 */
export function namesToProbe(
  certificate: CertificateRow,
  due: Due | null,
  { failing, isAskedFor, now }: { failing: FailingNames; isAskedFor: boolean; now: Date },
): IdentifierRow[] {
  if (due?.reason === 'not-deployed') return [];
  const { leftOut } = chooseNames(certificate, failing, { now, evenWaiting: isAskedFor });
  const wanted = new Set(due === null ? missingNames(certificate) : certificate.names);
  return leftOut.flatMap((name) => {
    const row = failing.get(name);
    const isDue = row !== undefined && !isStillAhead(row.probe_at, now, farthestProbeMs);
    return isDue && wanted.has(name) && isProbeable(row) ? [row] : [];
  });
}
