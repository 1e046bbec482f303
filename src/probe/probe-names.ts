import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { assertAnswered, type ProbeView } from '../challenges/visibility/visible-answer.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { parseName } from '../identifiers.ts';
import { beginProbe, recordHealthy, recordProbeFailure } from '../ledger/names/probes.ts';
import type { IdentifierRow, ProbeRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { type TimeLimit, timeLimit } from '../system/time-limit.ts';
import { allOrFirstError } from '../issuance/waiting/concurrency.ts';
import { answerOf, inTurn } from '../issuance/answers/stored-answer.ts';
import { type ProbeParts, takeDown } from '../issuance/answers/take-down-probes.ts';
import { nextLiftAt, nextProbeAt } from './probe-choice.ts';

/** A name that may have been mended, and how its certificate proves it. */
export interface ProbeCandidate {
  name: IdentifierRow;
  /** How the certificate proves that name. */
  settings: SolverSettings;
  /** The thumbprint (RFC 7638) of the account that the name fails on. */
  keyThumbprint: string;
}

export interface Probing extends ProbeParts {
  /** `--probe-every` */
  everyMs: number;
  view: ProbeView;
  /** Whether another probe may begin. */
  mayStart: () => boolean;
  /** The time limit of each probe, from its turn on; what is usual for its challenge when left out. */
  longestMs?: number;
}

/**
 * Probes at one time: most of a probe's time is waiting, and a web server that many names share is asked for
 * so many at once.
 */
const concurrency = 10;
/** A name server that is slow to show a record gets longer. */
const longestMs = {
  'http-01': 60_000,
  'tls-alpn-01': 60_000,
  'dns-01': 300_000,
  'dns-persist-01': 60_000,
} as const;

/**
 * Puts up a token of our own for each name the way its certificate would, looks whether it can be seen, and
 * takes it down again; the CA isn't asked. A name that answers may be ordered at once.
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
  const { writer, log } = probing;
  const { name } = candidate;
  const { settings } = candidate;
  const begun = await begin(probing, settings, candidate);
  if (begun === null) return false;
  const { row, limit } = begun;
  const failure = begun.failure ?? (await failureOf(probing, begun, () => look(probing, settings, begun)));
  limit.clear();
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

/** A probe that has had its turn. */
interface Begun {
  row: ProbeRow;
  /** The probe's time limit, which begins with its turn. */
  limit: TimeLimit;
  limitMs: number;
}

/**
 * Puts the probe's answer up. Waiting for the hooks of other probes uses up none of its time, and may end too
 * late to begin.
 * @returns null when the probe wasn't begun
 */
async function begin(
  probing: Probing,
  settings: SolverSettings,
  candidate: ProbeCandidate,
): Promise<(Begun & { failure: unknown }) | null> {
  const { writer, stops, solverFor } = probing;
  try {
    return await inTurn(settings, stops.work, async () => {
      if (!probing.mayStart()) return null;
      const row = await beginOne(writer, settings, candidate, probing.everyMs);
      if (row === null) return null;
      const limitMs = probing.longestMs ?? longestMs[settings.challenge];
      const begun = { row, limitMs, limit: timeLimit(limitMs, stops.work) };
      const present = (): Promise<void> => solverFor(settings).present(answerOf(row), begun.limit.signal);
      return { ...begun, failure: await failureOf(probing, begun, present) };
    });
  } catch (error) {
    if (stops.work.aborted) return null;
    throw error;
  }
}

async function beginOne(
  writer: LedgerWriter,
  { challenge }: SolverSettings,
  { name, settings, keyThumbprint }: ProbeCandidate,
  everyMs: number,
): Promise<ProbeRow | null> {
  // The token is as long as a CA's (RFC 8555 §8.1); no challenge of a CA has it, so that the answer proves
  // nothing to anybody.
  const token = randomBytes(32).toString('base64url');
  const answer = {
    settings,
    challengeType: challenge,
    identifier: parseName(name.value.replace(/^\*\./, '')),
    token,
    keyAuthorization: `${token}.${keyThumbprint}`,
  };
  return beginProbe(writer, name, answer, nextProbeAt(writer.clock.now(), everyMs));
}

async function look(
  { writer, view }: Probing,
  settings: SolverSettings,
  { row, limit }: Begun,
): Promise<void> {
  await assertAnswered(answerOf(row), settings, view, writer.clock, limit.signal);
}

/** Why the name isn't well, as far as this part of the probe tells; null when it may be. */
async function failureOf(
  { stops }: Probing,
  { row, limit, limitMs }: Begun,
  part: () => Promise<void>,
): Promise<unknown> {
  try {
    await part();
    return null;
  } catch (error) {
    if (stops.work.aborted) return 'interrupted';
    if (!limit.signal.aborted) return error;
    const message = `what was put up for ${row.identifier} couldn't be seen within ${String(limitMs / 1000)} s`;
    return new AcmeLedgerError('solver', message, { cause: error });
  }
}
