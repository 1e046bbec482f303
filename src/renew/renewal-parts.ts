import type { ProbeCandidate } from '../probe/probe-names.ts';
import type { CommandContext } from '../run/run-context.ts';
import { findWork } from './find-work.ts';
import type { PlannedCertificate } from '../plan/plan-due.ts';
import type { Work } from './work.ts';
import { withLedger } from '../run/open-ledger.ts';
import type { RenewOptions } from './work.ts';

export interface Parts {
  /** The work that doesn't depend on a probe. */
  atOnce: Work;
  /**
   * Whether no more of `atOnce` is to be begun: the probes are through, and all that is left goes by its
   * urgency.
   */
  isOver: () => boolean;
  /**
   * Waits for the probes. @param putOff the names of the certificates of `atOnce` that weren't begun because
   * `isOver`
   */
  theRest: (putOff: ReadonlySet<string>) => Promise<{ done: PlannedCertificate[]; rest: Work }>;
}

/**
 * Splits the work so that the first certificates are worked on beside the probes. A certificate with a name
 * that is being probed waits for the probe's finding: it would be ordered twice else. When all certificates
 * wait, all is done behind the probes.
 * @param probing whether names may be ordered that couldn't before
 */
export function partsOf(
  context: CommandContext,
  options: RenewOptions,
  { work, toProbe, probing }: { work: Work; toProbe: readonly ProbeCandidate[]; probing: Promise<boolean> },
): Parts {
  const { atOnce, afterProbes } = split(work, toProbe);
  let isOver = false;
  const onProbed = (isChanged: boolean): void => {
    isOver = isChanged || afterProbes.due.length > 0;
  };
  probing.then(onProbed).catch(() => undefined);
  return {
    atOnce,
    isOver: () => isOver,
    async theRest(putOff) {
      const isChanged = await probing;
      context.stops.work.throwIfAborted();
      const done = atOnce.due.filter(({ certificate }) => !putOff.has(certificate.name));
      if (!isChanged && putOff.size === 0) return { done, rest: afterProbes };
      return {
        done,
        rest: await withLedger(context.settings, (ledger) => findWork(context, ledger, options, done)),
      };
    },
  };
}

function split(work: Work, toProbe: readonly ProbeCandidate[]): { atOnce: Work; afterProbes: Work } {
  const names = new Set(toProbe.map(({ name }) => name.value));
  const waits = ({ certificate }: PlannedCertificate): boolean =>
    certificate.names.some((name) => names.has(name));
  const waiting = work.due.filter(waits);
  if (waiting.length === work.due.length)
    return { atOnce: { ...work, due: [], authorities: [] }, afterProbes: work };
  const authorities = new Set(
    waiting.flatMap(({ certificate, deferral }) => (deferral === null ? [certificate.ca] : [])),
  );
  return {
    atOnce: { ...work, due: work.due.filter((one) => !waits(one)) },
    afterProbes: { ...work, due: waiting, authorities: [...authorities] },
  };
}
