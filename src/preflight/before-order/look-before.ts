import { authorityOf } from '../../acme/authorities/authorities.ts';
import { parseProof } from '../../challenges/proof/proof.ts';
import { wayOf } from '../../challenges/proof/ways.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { Settings } from '../../settings/settings.ts';
import { timeLimit } from '../../system/time-limit.ts';
import { certainFault } from './certain-faults.ts';
import { type CheckParts, MachineLimits } from '../check-parts.ts';
import { checkView } from '../check-view.ts';
import { resolverAt } from '../dns/resolver.ts';
import { type KnownOfCa, type Subject, isPublicCa, subjectOf } from '../subject.ts';

/** An order isn't kept waiting for longer; what isn't known by then is left to the CA. */
const longestMs = 4_000;

/** Names for which an order would certainly fail, each with the reason. */
export type Look = (
  subjects: readonly Subject[],
  signal: AbortSignal,
) => Promise<Map<string, AcmeLedgerError>>;

/** The look at names before an order names them (`AccountRun.look`). */
export function lookBefore(settings: Pick<Settings, 'probe'>): NonNullable<AccountRun['look']> {
  const look = certainLook(settings);
  return (run, certificate, names) => {
    const known = {
      authority: authorityOf(run.account.ca),
      caaIdentities: run.session.directory.meta.caaIdentities.map((each) => each.toLowerCase()),
      accountUrl: run.account.url,
    };
    const subjects = names.flatMap((name) => subjectFor(run, certificate, name, known) ?? []);
    return look(subjects, run.stops.work);
  };
}

/**
 * Finds only what the CA itself would certainly refuse, and only from answers; silence says nothing. Nothing is looked at where
 * this machine isn't known to see the DNS as the CA does: through a resolver that was given for that, or for a CA that
 * sees what everybody sees.
 */
export function certainLook(settings: Pick<Settings, 'probe'>): Look {
  const { resolver } = settings.probe.view;
  const view = checkView(settings.probe, undefined);
  let isBlind = view.resolvers.length === 0;
  return async (subjects, signal) => {
    const seen = subjects.filter((subject) => resolver !== null || isPublicCa(subject));
    if (isBlind || seen.length === 0) return new Map();
    const limit = timeLimit(longestMs, signal);
    const parts: CheckParts = {
      view,
      resolver: resolverAt(view, limit.signal),
      machine: new MachineLimits(),
      reach: { connected: 0, silent: new Set() },
      signal: limit.signal,
    };
    try {
      // A resolver that is silent would be waited for by each certificate of the run.
      isBlind = !(await parts.resolver.isAlive());
      return isBlind ? new Map() : await faultsOf(seen, parts, { isTrusted: resolver !== null });
    } catch (error) {
      signal.throwIfAborted();
      if (!limit.signal.aborted) throw error;
      isBlind = true;
      return new Map();
    } finally {
      limit.clear();
    }
  };
}

async function faultsOf(
  subjects: readonly Subject[],
  parts: CheckParts,
  { isTrusted }: { isTrusted: boolean },
): Promise<Map<string, AcmeLedgerError>> {
  const faults = await Promise.all(
    subjects.map(async (subject) => {
      try {
        return { subject, fault: await certainFault(subject, parts, { isTrusted }) };
      } catch (error) {
        if (!parts.signal.aborted) throw error;
        return { subject, fault: null };
      }
    }),
  );
  return new Map(
    faults.flatMap(({ subject, fault }) =>
      fault === null
        ? []
        : [[subject.name, new AcmeLedgerError('name-check', fault.message, { hint: fault.mend })] as const],
    ),
  );
}

/** Null for a name that can't be proven today: its certificate's attempt tells why. */
function subjectFor(
  run: AccountRun,
  certificate: CertificateRow,
  name: string,
  known: KnownOfCa,
): Subject | null {
  try {
    const { settings } = wayOf(parseProof(certificate.settings), name, run.solverRules);
    return subjectOf(name, settings, known);
  } catch (error) {
    if (error instanceof AcmeLedgerError) return null;
    throw error;
  }
}
