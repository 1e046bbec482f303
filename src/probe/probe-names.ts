import pLimit from 'p-limit';
import { assertAnswered, type ProbeView } from '../challenges/visibility/visible-answer.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import { type AcmeLedgerError, errorRecord } from '../errors.ts';
import { beginProbe, recordHealthy, recordProbeFailure } from '../ledger/names/probes.ts';
import type { IdentifierRow } from '../ledger/schema.ts';
import { allOrFirstError } from '../issuance/waiting/concurrency.ts';
import { type TestAnswerParts, newTestAnswer, tryAnswer } from '../preflight/answers/test-answer.ts';
import { nextLiftAt, nextProbeAt } from './probe-choice.ts';

/** A name that may have been mended, and how its certificate proves it. */
export interface ProbeCandidate {
  name: IdentifierRow;
  /** How the certificate proves that name. */
  settings: SolverSettings;
  /** The thumbprint (RFC 7638) of the account that the name fails on. */
  keyThumbprint: string;
}

export interface Probing extends TestAnswerParts {
  /** `--probe-every` */
  everyMs: number;
  view: ProbeView;
  /** What an order with the name would certainly fail for, before anything is put up; missing: only answers are looked for. */
  faultOf?: (candidate: ProbeCandidate, signal: AbortSignal) => Promise<AcmeLedgerError | null>;
}

/**
 * Probes at one time: most of a probe's time is waiting, and a web server that many names share is asked for
 * so many at once.
 */
const concurrency = 10;
/**
 * Checks each name without the CA: whether an order would certainly fail, and then with a token of our own, put up
 * the way its certificate would, looked for and taken down again. A name that answers may be ordered at once.
 * @returns how many names may be ordered
 */
export async function probeNames(probing: Probing, candidates: readonly ProbeCandidate[]): Promise<number> {
  const limit = pLimit(concurrency);
  let found = 0;
  await allOrFirstError(
    candidates.map((candidate) =>
      limit(async () => {
        if (probing.stops.work.aborted) return;
        if (await probeOne(probing, candidate)) found += 1;
      }),
    ),
  );
  return found;
}

/** @returns whether the name was found well */
async function probeOne(probing: Probing, candidate: ProbeCandidate): Promise<boolean> {
  const { writer, everyMs, view, stops } = probing;
  const { name, settings, keyThumbprint } = candidate;
  if (!probing.mayStart()) return false;
  const fault = (await probing.faultOf?.(candidate, stops.work)) ?? null;
  if (fault !== null) return isAsItWas(probing, name, fault, nextProbeAt(writer.clock.now(), everyMs));
  const tried = await tryAnswer(probing, {
    settings,
    begin: () => {
      const answer = newTestAnswer(settings, name.value, keyThumbprint);
      return beginProbe(writer, name, answer, nextProbeAt(writer.clock.now(), everyMs));
    },
    look: (answer, signal) => assertAnswered(answer, settings, view, writer.clock, signal),
  });
  switch (tried.is) {
    case 'not-begun':
    case 'interrupted':
      return false;
    case 'not-put-up':
    case 'not-seen':
      return isAsItWas(probing, name, tried.error);
    case 'seen':
      probing.log.info({ name: name.value }, 'a probe finds the name well: it may be ordered');
      return recordHealthy(writer, name, nextLiftAt(writer.clock.now(), name.probe_step + 1));
  }
}

/** @param againAt when it is probed again; left out where that is recorded already @returns false: it isn't well */
async function isAsItWas(
  { writer, log }: Probing,
  name: IdentifierRow,
  why: unknown,
  againAt?: Date,
): Promise<false> {
  const error = errorRecord(why);
  log.info({ name: name.value, error }, 'a probe finds the name as it was');
  await recordProbeFailure(writer, name, error, againAt);
  return false;
}
