import { randomUUID } from 'node:crypto';
import type { ErrorRecord } from '../errors.ts';
import type { Invocation } from '../ledger/runs.ts';
import type { RunReason } from '../ledger/columns.ts';
import type { LogLine } from '../log-and-stops.ts';

/** What became of one certificate or other thing that a command worked on. */
export interface Outcome {
  name: string;
  status: string;
  error: ErrorRecord | null;
}

/** Reasons that are kept of a run; the log has all. */
const reasonsMost = 20;
/** A message with the names of an order with a hundred of them says what it says without its end. */
const longestMessage = 500;

/**
 * One call of the program: what it was asked, and what came of it. The log has a line for each outcome, the
 * ledger the sums (`runs list`).
 */
export class RunRecord implements Invocation {
  /** Tells this process's runs in the ledger from all others. */
  readonly id = randomUUID();
  readonly startedAt = new Date();
  /** Whether the ledger has a run of this process. */
  isInLedger = false;
  /** Whether the ledger stays as it was found, without a word of this run: it may be damaged. */
  leavesLedger = false;
  counts: Readonly<Record<string, number>> | null = null;
  readonly command: string;
  readonly words: readonly string[];
  readonly #log: LogLine;
  readonly #reasons = new Map<string, RunReason>();

  /**
   * @param command such as `authz clear`
   * @param words its arguments without secrets
   */
  constructor(command: string, words: readonly string[], log: LogLine) {
    this.command = command;
    this.words = words;
    this.#log = log;
  }

  start(version: string): void {
    const words = this.words.join(' ');
    this.#log('info', { version, user: process.geteuid?.() ?? null }, `start: acme-ledger ${words}`);
  }

  outcome({ name, status, error }: Outcome): void {
    const level = error === null ? 'info' : 'error';
    const why = error === null ? '' : `: ${error.message}`;
    this.#log(level, error === null ? {} : { error }, `${name}: ${status}${why}`);
    if (error !== null) this.failed(error);
  }

  failed({ code, message }: Pick<ErrorRecord, 'code' | 'message'>): void {
    const known = this.#reasons.get(code);
    if (known === undefined)
      this.#reasons.set(code, { code, message: message.slice(0, longestMessage), count: 1 });
    else known.count += 1;
  }

  /** @param text the sums as a person reads them */
  sum(counts: Readonly<Record<string, number>>, text: string): void {
    this.counts = counts;
    this.#log('info', { ...counts }, `sum: ${text}`);
  }

  end(exitCode: number, signal: string | null): void {
    const how = signal === null ? '' : `, interrupted by ${signal}`;
    this.#log(
      'info',
      { exitCode, seconds: Math.round((Date.now() - this.startedAt.getTime()) / 1000) },
      `end: exit code ${String(exitCode)}${how}`,
    );
  }

  /** Whether the run was refused before it wrote anything: wrong input, or a ledger that can't be used. */
  isRefused(exitCode: number): boolean {
    return !this.isInLedger && (exitCode === 2 || this.reasons.some(({ code }) => code.startsWith('ledger')));
  }

  /** Why not all was done, the most frequent reason first. */
  get reasons(): RunReason[] {
    return [...this.#reasons.values()].sort((one, other) => other.count - one.count).slice(0, reasonsMost);
  }
}

/** The numbers of a summary. */
export function countsIn(summary: object): Record<string, number> {
  const numbers = Object.entries(summary).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return Object.fromEntries(numbers);
}
