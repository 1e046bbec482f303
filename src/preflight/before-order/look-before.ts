import { authorityOf } from '../../acme/authorities/authorities.ts';
import { parseProof } from '../../challenges/proof/proof.ts';
import { wayOf } from '../../challenges/proof/ways.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import { namesAuthorized } from '../../ledger/authorizations/names-asked.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { Log } from '../../log-and-stops.ts';
import type { Settings } from '../../settings/settings.ts';
import { timeLimit } from '../../system/time-limit.ts';
import { certainFault } from './certain-faults.ts';
import { type CheckParts, MachineLimits } from '../check-parts.ts';
import { checkView } from '../check-view.ts';
import { resolverAt } from '../dns/resolver.ts';
import { type KnownOfCa, type Subject, isPublicCa, subjectOf } from '../subject.ts';

/** An order isn't kept waiting for longer; what isn't known by then is left to the CA. */
const longestMs = 4_000;
/** After so many looks in a row that got no answer in time, the resolver is at fault rather than the names. */
const lateInARow = 3;

/** Names for which an order would certainly fail, each with the reason. */
export type Look = (
  subjects: readonly Subject[],
  run: { log: Log; signal: AbortSignal },
) => Promise<Map<string, AcmeLedgerError>>;

/** The look at names before an order names them (`AccountRun.look`). */
export function lookBefore(settings: Pick<Settings, 'probe'>): NonNullable<AccountRun['look']> {
  const look = certainLook(settings);
  return async (run, certificate, names) => {
    const known = {
      authority: authorityOf(run.account.ca),
      caaIdentities: run.session.directory.meta.caaIdentities.map((each) => each.toLowerCase()),
      accountUrl: run.account.url,
    };
    const { ledger, account, clock, log, stops } = run;
    const authorized = await namesAuthorized(ledger, account.id, names, clock.now());
    const subjects = names.flatMap((name) => subjectFor(run, certificate, name, known) ?? []);
    return look(
      subjects.map((subject) => ({ ...subject, isAuthorized: authorized.has(subject.name) })),
      { log, signal: stops.work },
    );
  };
}

const blindness = {
  message: "the DNS resolver doesn't answer in time: names are ordered without a look at them",
  hint: '--probe-resolver ADDR:PORT asks another one; --no-check leaves the look out',
};

/**
 * Finds only what the CA itself would certainly refuse, and only from answers; silence says nothing. Nothing is looked at where
 * this machine isn't known to see the DNS as the CA does: through a resolver that was given for that, or for a CA that
 * sees what everybody sees.
 */
export function certainLook(settings: Pick<Settings, 'probe'>, limitMs = longestMs): Look {
  const { resolver } = settings.probe.view;
  const view = checkView(settings.probe, undefined);
  let isBlind = view.resolvers.length === 0;
  let late = 0;
  const goBlind = (log: Log): void => {
    if (!isBlind) log.warn({ hint: blindness.hint }, blindness.message);
    isBlind = true;
  };
  return async (subjects, { log, signal }) => {
    const seen = subjects.filter((subject) => resolver !== null || isPublicCa(subject));
    if (isBlind || seen.length === 0) return new Map();
    const limit = timeLimit(limitMs, signal);
    const parts: CheckParts = {
      view,
      resolver: resolverAt(view, limit.signal),
      machine: new MachineLimits(),
      reach: { connected: 0, silent: new Set() },
      signal: limit.signal,
    };
    try {
      // A resolver that is silent would be waited for by each certificate of the run.
      if (!(await parts.resolver.isAlive())) {
        goBlind(log);
        return new Map();
      }
      const faults = await faultsOf(seen, parts, { isTrusted: resolver !== null });
      signal.throwIfAborted();
      late = limit.signal.aborted ? late + 1 : 0;
      // It may be silent to some questions alone, as one that drops those for CAA records.
      if (late >= lateInARow) goBlind(log);
      return faults;
    } catch (error) {
      signal.throwIfAborted();
      if (!limit.signal.aborted) throw error;
      goBlind(log);
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
