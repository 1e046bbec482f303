import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { assertAnswered, type ProbeView } from '../challenges/probe.ts';
import { parseSolverSettings, type SolverSettings } from '../challenges/settings.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { beginProbe, recordHealthy, recordProbeFailure } from '../ledger/probes.ts';
import type { IdentifierRow, ProbeRow } from '../ledger/schema.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { answerOf, type ProbeParts, takeDown } from './probe-clean-up.ts';
import { nextLiftAt, nextProbeAt } from './probe-choice.ts';

/** A name that may have been mended, and how its certificate proves it. */
export interface ProbeCandidate {
  name: IdentifierRow;
  /** As `certificates.settings` has them. */
  settings: string;
  /** RFC 7638, of the account that it fails on. */
  keyThumbprint: string;
}

export interface Probing extends ProbeParts {
  /** `--probe-every` */
  everyMs: number;
  view: ProbeView;
  /** Whether another probe may begin. */
  mayStart: () => boolean;
}

/** Most of the time of a probe is waiting; a web server that many names share is asked for so many at once. */
const concurrency = 10;
/** A name server that is slow to show a record gets longer. */
const longestMs = { 'http-01': 60_000, 'tls-alpn-01': 60_000, 'dns-01': 300_000 } as const;

/**
 * Puts up a token of our own for each name the way its certificate would, looks whether it can be seen, and takes it down again; the CA
 * isn't asked. A name that answers may be ordered at once.
 * @returns how many may
 */
export async function probeNames(probing: Probing, candidates: readonly ProbeCandidate[]): Promise<number> {
  const limit = pLimit(concurrency);
  let found = 0;
  await allOrFirstError(
    candidates.map((candidate) =>
      limit(async () => {
        if (probing.stops.work.aborted || !probing.mayStart()) return;
        if (await probeOne(probing, candidate)) found += 1;
      }),
    ),
  );
  return found;
}

/** @returns whether the name was found well */
async function probeOne(
  probing: Probing,
  { name, settings, keyThumbprint }: ProbeCandidate,
): Promise<boolean> {
  const { writer, log } = probing;
  const parsed = parseSolverSettings(JSON.parse(settings));
  // As long as a CA's (RFC 8555 §8.1); no challenge of one has it, so that what is up proves nothing to anybody.
  const token = randomBytes(32).toString('base64url');
  const row = await beginProbe(
    writer,
    name,
    {
      settings,
      challengeType: parsed.challenge,
      identifier: parseName(name.value.replace(/^\*\./, '')),
      token,
      keyAuthorization: `${token}.${keyThumbprint}`,
    },
    nextProbeAt(writer.clock.now(), probing.everyMs),
  );
  if (row === null) return false;
  const failure = await failureOf(probing, parsed, row);
  await takeDown(probing, row);
  if (failure === 'interrupted') return false;
  if (failure !== null) {
    const error = errorRecord(failure);
    log.info({ name: name.value, error }, 'a probe finds the name as it was');
    await recordProbeFailure(writer, name, error);
    return false;
  }
  log.info({ name: name.value }, 'a probe finds the name well: it may be ordered');
  return recordHealthy(writer, name, nextLiftAt(writer.clock.now(), name.probe_step + 1));
}

/** Why the name isn't well; null when it is. */
async function failureOf(
  { writer, view, solverFor, stops }: Probing,
  settings: SolverSettings,
  row: ProbeRow,
): Promise<unknown> {
  const limitMs = longestMs[settings.challenge];
  const limit = AbortSignal.timeout(limitMs);
  const signal = AbortSignal.any([stops.work, limit]);
  const answer = answerOf(row);
  try {
    await solverFor(settings).present(answer, signal);
    await assertAnswered(answer, settings, view, writer.clock, signal);
    return null;
  } catch (error) {
    if (stops.work.aborted) return 'interrupted';
    if (!limit.aborted) return error;
    const message = `what was put up for ${row.identifier} couldn't be seen within ${String(limitMs / 1000)} s`;
    return new AcmeLedgerError('solver', message, { cause: error });
  }
}
