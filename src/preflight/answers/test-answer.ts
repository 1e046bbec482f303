import { randomBytes } from 'node:crypto';
import type { SolverSettings } from '../../challenges/settings.ts';
import type { ChallengeAnswer } from '../../challenges/solver.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import { answerOf, inTurn } from '../../issuance/answers/stored-answer.ts';
import { type ProbeParts, takeDown } from '../../issuance/answers/take-down-probes.ts';
import type { NewProbe } from '../../ledger/names/probes.ts';
import type { ProbeRow } from '../../ledger/schema.ts';
import { type TimeLimit, timeLimit } from '../../system/time-limit.ts';

/** The parts that test answers of one run share. */
export interface TestAnswerParts extends ProbeParts {
  /** Whether another answer may begin to be put up. */
  mayStart: () => boolean;
  /** The time limit of each answer, from its turn on; what is usual for its challenge when left out. */
  longestMs?: number | undefined;
}

/** One test answer: how it is written down before it is put up, and looked at while it is. */
export interface TestAnswer<Seen> {
  settings: SolverSettings;
  /** @returns null when it isn't to be put up: another is */
  begin: () => Promise<ProbeRow | null>;
  look: (answer: ChallengeAnswer, signal: AbortSignal) => Promise<Seen>;
}

/** How far a test answer came: `error` of its put-up or of its look. */
export type Tried<Seen> =
  | { is: 'not-begun' }
  | { is: 'interrupted' }
  | { is: 'not-put-up'; row: ProbeRow; error: unknown }
  | { is: 'not-seen'; row: ProbeRow; error: unknown }
  | { is: 'seen'; row: ProbeRow; seen: Seen };

/** A name server that is slow to show a record gets longer. */
const longestMs = {
  'http-01': 60_000,
  'tls-alpn-01': 60_000,
  'dns-01': 300_000,
  'dns-persist-01': 60_000,
} as const;

/** An answer of our own for a name: no challenge of a CA has its token, so that it proves nothing to anybody. */
export function newTestAnswer(
  settings: SolverSettings,
  name: string,
  keyThumbprint: string,
  stored: object = settings,
): NewProbe {
  // As long as a CA's (RFC 8555 §8.1).
  const token = randomBytes(32).toString('base64url');
  return {
    settings: stored,
    challengeType: settings.challenge,
    identifier: parseName(name.replace(/^\*\./, '')),
    token,
    keyAuthorization: `${token}.${keyThumbprint}`,
  };
}

/**
 * Puts an answer up as a certificate would, has it looked at, and takes it down again, whatever happened; the
 * CA isn't asked. Waiting for the hooks of other answers uses up none of its time. What can't be taken down
 * is in the ledger for the next run.
 */
export async function tryAnswer<Seen>(parts: TestAnswerParts, test: TestAnswer<Seen>): Promise<Tried<Seen>> {
  const begun = await putUp(parts, test);
  if (begun === null) return { is: 'not-begun' };
  const { row, limit } = begun;
  const tried = begun.failure ?? (await looked(parts, begun, test));
  limit.clear();
  await takeDown(parts, row);
  return tried;
}

/** An answer that has had its turn. */
interface Begun<Seen> {
  row: ProbeRow;
  /** The time limit, which begins with its turn. */
  limit: TimeLimit;
  limitMs: number;
  failure: Tried<Seen> | null;
}

/** @returns null when the answer wasn't begun: another is up, or its turn came too late */
async function putUp<Seen>(
  parts: TestAnswerParts,
  { settings, begin }: TestAnswer<Seen>,
): Promise<Begun<Seen> | null> {
  const { stops, solverFor } = parts;
  try {
    return await inTurn(settings, stops.work, async () => {
      if (!parts.mayStart()) return null;
      const row = await begin();
      if (row === null) return null;
      const limitMs = parts.longestMs ?? longestMs[settings.challenge];
      const limit = timeLimit(limitMs, stops.work);
      const begun = { row, limitMs, limit };
      try {
        await solverFor(settings).present(answerOf(row), limit.signal);
        return { ...begun, failure: null };
      } catch (error) {
        if (stops.work.aborted) return { ...begun, failure: { is: 'interrupted' } };
        return { ...begun, failure: { is: 'not-put-up', row, error: inTimeError(begun, error) } };
      }
    });
  } catch (error) {
    if (stops.work.aborted) return null;
    throw error;
  }
}

async function looked<Seen>(
  parts: TestAnswerParts,
  begun: Begun<Seen>,
  { look }: TestAnswer<Seen>,
): Promise<Tried<Seen>> {
  const { row, limit } = begun;
  try {
    return { is: 'seen', row, seen: await look(answerOf(row), limit.signal) };
  } catch (error) {
    if (parts.stops.work.aborted) return { is: 'interrupted' };
    return { is: 'not-seen', row, error: inTimeError(begun, error) };
  }
}

/** The error of an answer whose time is over says so. */
function inTimeError({ row, limit, limitMs }: Omit<Begun<never>, 'failure'>, error: unknown): unknown {
  if (!limit.signal.aborted) return error;
  const message = `what was put up for ${row.identifier} couldn't be seen within ${String(limitMs / 1000)} s`;
  return new AcmeLedgerError('solver', message, { cause: error });
}
