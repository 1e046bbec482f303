import { isStillAhead } from '../bounded-wait.ts';
import { later } from '../clock.ts';
import type { ErrorRecord } from '../errors.ts';
import { farthestProbeMs } from '../ledger/names/probes.ts';
import type { CertificateRow, IdentifierRow } from '../ledger/schema.ts';
import { namesOf } from '../issuance/certificate/collect.ts';
import { chooseNames, missingNames, type FailingNames } from '../issuance/names/name-choice.ts';
import type { Due } from '../renew/renew-all.ts';

const dayMs = 86_400_000;
/** How long a name that only looks well is at the most left alone between two lifts. */
const longestLiftMs = 32 * dayMs;
/** Names that failed together shall not be probed together for ever. */
const jitter = 0.1;

/** `--probe-every`: a mended name waits an hour at the most, and a dead zone's hook runs no more than 24 times a day. */
export const usualProbeEveryMs = 3_600_000;

/** When a name is probed again, whatever becomes of the probe that begins now. */
export function nextProbeAt(now: Date, everyMs: number, random: () => number = Math.random): Date {
  return later(now, Math.round(everyMs * (1 + jitter * random())));
}

/**
 * When a name that a probe has found well is probed again, unless the CA agrees: after 1, 2, 4 … 32 days. Each time that we see it well
 * and the CA doesn't costs a failed validation.
 * @param step such probes in a row, from 1
 */
export function nextLiftAt(now: Date, step: number): Date {
  return later(now, Math.min(dayMs * 2 ** (step - 1), longestLiftMs));
}

/** What a CA finds wrong when it looks at a challenge (RFC 8555 §6.7); other refusals are about something that can't be seen from here. */
const ofTheChallenge = ['connection', 'dns', 'incorrectResponse', 'tls', 'unauthorized'].map(
  (type) => `urn:ietf:params:acme:error:${type}`,
);

/** Whether that the name answers a challenge now says anything about why it failed. */
export function isHealable({ last_error }: Pick<IdentifierRow, 'last_error'>): boolean {
  if (last_error === null) return true;
  const { code, problem } = JSON.parse(last_error) as ErrorRecord;
  if (code === 'solver') return true;
  if (code !== 'authorization-invalid') return false;
  // Boulder tells of a CAA record that it couldn't look up as of other faults of the DNS.
  return problem === null || (ofTheChallenge.includes(problem.type) && !problem.detail.includes('CAA'));
}

/**
 * The names that keep a certificate from being worked on, or whole, and that a free probe may bring back now.
 * @param due null when it isn't; then only what it lacks matters
 */
export function namesToProbe(
  certificate: CertificateRow,
  due: Due | null,
  { failing, isAskedFor, now }: { failing: FailingNames; isAskedFor: boolean; now: Date },
): IdentifierRow[] {
  if (due?.reason === 'not-deployed') return [];
  const { leftOut } = chooseNames(certificate, failing, { now, evenWaiting: isAskedFor });
  const wanted = new Set(due === null ? missingNames(certificate) : namesOf(certificate));
  return leftOut.flatMap((name) => {
    const row = failing.get(name);
    const isDue = row !== undefined && !isStillAhead(row.probe_at, now, farthestProbeMs);
    return isDue && wanted.has(name) && isHealable(row) ? [row] : [];
  });
}
