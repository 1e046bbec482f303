import type { Identifier } from '../identifiers.ts';

export const challengeTypes = ['http-01', 'dns-01', 'tls-alpn-01', 'dns-persist-01'] as const;
export type ChallengeType = (typeof challengeTypes)[number];

/** The answer that has to be put up for one authorization (RFC 8555 §8.1, §8.3, §8.4, RFC 8737 §3). */
export interface ChallengeAnswer {
  type: ChallengeType;
  /** Without `*.`: a wildcard is answered at its base name. */
  identifier: Identifier;
  token: string;
  keyAuthorization: string;
  /** Missing for an answer that is put up or taken down alone. */
  batch?: AnswerBatch;
  /** For an answer that is taken down: whether the CA took it. */
  isProven?: boolean;
}

/** One answer of a batch. */
export type BatchAnswer = Omit<ChallengeAnswer, 'batch' | 'isProven'>;

/** The answers of an order that are put up, or taken down, together with one of them. */
export interface AnswerBatch {
  /** All of them, that one included, in the order of their turns. */
  answers: readonly BatchAnswer[];
  /** How many come after it. */
  remaining: number;
}

/** What an answer that stands for good must say (draft-ietf-acme-dns-persist). */
export interface StandingProof {
  /** Without `*.`. */
  identifier: Identifier;
  isWildcard: boolean;
  /** The domain names of the CA, of which it takes any; null where they aren't known. */
  issuers: readonly string[] | null;
  /** The URLs of the account, of which it takes any. */
  accountUris: readonly string[];
}

/**
 * Makes challenges answerable. `present` is quick, `waitUntilVisible` may take long, `cleanUp` is called whatever happened,
 * also by another process after a crash: it must do without anything that `present` kept in memory, and finding
 * nothing there is success. Every method ends soon after `signal` is aborted, with the signal's reason.
 */
export interface Solver {
  readonly type: ChallengeType;
  /** @throws AcmeLedgerError `solver` */
  present(answer: ChallengeAnswer, signal: AbortSignal): Promise<void>;
  /** Resolves when the CA can see the answer as far as can be told from here. @throws AcmeLedgerError `solver` */
  waitUntilVisible(answer: ChallengeAnswer, signal: AbortSignal): Promise<void>;
  /**
   * Looks once, right before the challenge is submitted: an answer that was visible may have been taken away by what was presented
   * after it. @throws AcmeLedgerError `solver` when it is gone
   */
  assertStillVisible(answer: ChallengeAnswer, signal: AbortSignal): Promise<void>;
  /**
   * For an answer that stands for good, and is neither put up nor taken down: looks whether it is there. Missing for a solver that puts its
   * answers up.
   * @returns when it ends; null for never
   * @throws AcmeLedgerError `solver` when it isn't there, or isn't for this
   */
  standingEnd?(proof: StandingProof, signal: AbortSignal): Promise<Date | null>;
  /** @throws AcmeLedgerError `solver` */
  cleanUp(answer: ChallengeAnswer, signal: AbortSignal): Promise<void>;
  /** Releases listeners. After it nothing is presented by this process any more. */
  close(): Promise<void>;
}
