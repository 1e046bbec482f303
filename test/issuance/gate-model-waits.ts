import { ConnectionFailure, unreachable } from '../../src/acme/http/connection-failure.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import type { ModelCa } from './gate-model-ca.ts';

/**
 * What becomes of a request: the CA acts and its answer arrives; the CA acts and the answer is on its way; the request or the answer
 * is lost; the CA refuses it for now, or has a fault before or after it has acted; there is no connection.
 */
export const fates = [
  'answered',
  'acted',
  'lost',
  'answer-lost',
  'limited-briefly',
  'limited',
  'fault',
  'acted-fault',
  'unreachable',
] as const;
export type Fate = (typeof fates)[number];

/** What becomes of a dead process's requests: the CA had them, never gets them, or gets them later. */
export const underWays = ['acted', 'lost', 'late'] as const;
export type UnderWay = (typeof underWays)[number];

/** Something that a process waits for: an answer of the CA, the end of a sleep, its turn at the ledger. */
interface Wait {
  process: object;
  label: string;
  sinceMs: number;
  sinceTurn: number;
  /** A sleep's end. */
  untilMs: number | null;
  /** A request's effect; null when it was done, or there is none. */
  act: (() => unknown) | null;
  outcome: Outcome | null;
  settle(outcome: Outcome): void;
}

type Outcome = { value: unknown } | { error: unknown };

/** A request is at the CA by then, or never: with a validation's time this stays under the minute that `submitting` waits. */
const transitMs = 10_000;

/** All that goes on is in here: nothing moves until a test lets it. Time passes by the sleeps that it ends. */
export class Waits {
  readonly list: Wait[] = [];
  readonly journal: string[] = [];
  /** Counts how often something went on. */
  turn = 0;
  readonly #lastWaits = new WeakMap<object, number[]>();
  readonly #ca: ModelCa;
  /** The hosts' clocks against the true time. */
  #offsetMs = 0;
  readonly #onTime: (now: Date) => void;
  readonly #onActed: () => void;

  constructor(ca: ModelCa, on: { time: (now: Date) => void; acted: () => void }) {
    this.#ca = ca;
    this.#onTime = on.time;
    this.#onActed = on.acted;
  }

  /** What the hosts' clocks show. */
  wallNow(): Date {
    return new Date(this.#ca.nowMs + this.#offsetMs);
  }

  /** A line of time that begins with what the clocks show now, and that no jump of theirs moves. */
  steadyLine(): () => Date {
    const offsetMs = this.#offsetMs;
    return () => new Date(this.#ca.nowMs + offsetMs);
  }

  /** The hosts' clocks are put back; the time goes on. */
  jump(ms: number): void {
    this.#offsetMs += ms;
  }

  request<T>(process: object, label: string, act: () => T, signal: AbortSignal | undefined): Promise<T> {
    return this.#wait<T>(process, label, { act, untilMs: null }, signal);
  }

  sleep(process: object, ms: number, signal: AbortSignal | undefined): Promise<void> {
    // Whole seconds: some waits are drawn at random, and a failure shall come again.
    const untilMs = this.#ca.nowMs + Math.ceil(Math.max(0, ms) / 1000) * 1000;
    return this.#wait(process, `sleep ${Math.round(ms)} ms`, { act: null, untilMs }, signal);
  }

  /** The process is held up until somebody lets it go on. */
  pause(process: object, label: string): Promise<void> {
    return this.#wait(process, label, { act: null, untilMs: null }, undefined);
  }

  /** One goes on; while a process is held up, that is the one instead of a sleep: no time passes meanwhile. */
  release(index: number, fate: Fate): void {
    const chosen = this.list[index];
    const wait = (chosen?.untilMs ?? null) === null ? chosen : (this.list.find(isHeldUp) ?? chosen);
    if (wait === undefined) return;
    if (wait.untilMs !== null) this.passUntil(wait.untilMs);
    if (wait.act === null && wait.outcome === null) {
      this.#settle(wait, { value: undefined }, 'goes on');
      return;
    }
    if (['answered', 'acted', 'answer-lost', 'acted-fault'].includes(fate)) this.#act(wait);
    if (fate === 'acted') return;
    this.#settle(wait, this.#arrives(wait, fate), fate);
  }

  /** The process waits for nothing any more. */
  drop(process: object, underWay: UnderWay, reason: unknown): void {
    for (const wait of this.list.filter((each) => each.process === process)) {
      if (underWay === 'acted') this.#act(wait);
      this.#settle(wait, { error: reason }, `dropped, ${underWay}`);
      // Nobody waits for its answer.
      if (underWay === 'late' && wait.act !== null) this.list.push({ ...wait, settle: () => undefined });
    }
  }

  passUntil(ms: number): void {
    if (ms <= this.#ca.nowMs) return;
    for (const wait of this.list.filter(({ act, sinceMs }) => act !== null && sinceMs + transitMs < ms)) {
      this.#setTime(wait.sinceMs + transitMs);
      this.#act(wait);
    }
    this.#setTime(ms);
  }

  /** @returns whether one was held up */
  releaseHeldUp(): boolean {
    const index = this.list.findIndex(isHeldUp);
    this.release(index, 'answered');
    return index >= 0;
  }

  pass(ms: number): void {
    this.passUntil(this.#ca.nowMs + ms);
  }

  /** A turn before which anything happened that the process has seen when it does its next step. */
  sawAllBefore(process: object): number {
    return Math.min(...(this.#lastWaits.get(process) ?? [0]));
  }

  isAwaiting(process: object): boolean {
    return this.list.some((wait) => wait.process === process);
  }

  note(text: string): void {
    this.journal.push(`${new Date(this.#ca.nowMs).toISOString().slice(5, 19)} ${text}`);
  }

  #setTime(ms: number): void {
    if (ms <= this.#ca.nowMs) return;
    this.#onTime(new Date(ms + this.#offsetMs));
    this.#ca.nowMs = ms;
  }

  #wait<T>(
    process: object,
    label: string,
    what: Pick<Wait, 'act' | 'untilMs'>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    signal?.throwIfAborted();
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome): void => {
        signal?.removeEventListener('abort', onAbort);
        if ('error' in outcome) reject(outcome.error);
        else resolve(outcome.value as T);
      };
      const wait: Wait = {
        process,
        label,
        sinceMs: this.#ca.nowMs,
        sinceTurn: this.turn,
        outcome: null,
        settle,
        ...what,
      };
      const onAbort = (): void => {
        // The CA hears of what was sent, or it doesn't: either may happen.
        if (wait.label.length % 2 === 0) this.#act(wait);
        this.#settle(wait, { error: signal?.reason }, 'aborted');
      };
      signal?.addEventListener('abort', onAbort);
      this.list.push(wait);
    });
  }

  #act(wait: Wait): void {
    if (wait.act === null) return;
    try {
      wait.outcome = { value: wait.act() };
    } catch (error) {
      wait.outcome = { error };
    }
    wait.act = null;
    this.note(`${wait.label}: the CA acts`);
    this.#onActed();
  }

  #settle(wait: Wait, outcome: Outcome, how: string): void {
    const index = this.list.indexOf(wait);
    if (index < 0) return;
    this.list.splice(index, 1);
    const waits = [...(this.#lastWaits.get(wait.process) ?? []), wait.sinceTurn];
    this.#lastWaits.set(wait.process, waits.slice(-waitsBetween));
    this.note(`${wait.label}: ${how}${'error' in outcome ? ` (${String(outcome.error)})` : ''}`);
    wait.settle(outcome);
  }

  #arrives(wait: Wait, fate: Fate): Outcome {
    const acted = wait.outcome !== null;
    switch (fate) {
      case 'answered':
      case 'acted':
        return wait.outcome ?? { value: undefined };
      case 'lost':
      case 'answer-lost':
        return { error: broken(true) };
      case 'limited-briefly':
      case 'limited':
        return acted
          ? { error: broken(true) }
          : { error: limited(new Date(this.wallNow().getTime() + (fate === 'limited' ? 45_000 : 5_000))) };
      case 'fault':
      case 'acted-fault':
        return { error: new AcmeLedgerError('ca-answer', 'a fault of the CA', { httpStatus: 500 }) };
      case 'unreachable':
        return { error: broken(acted) };
    }
  }
}

/** So many of its waits may lie between a process's look into the ledger and the request that follows; its tasks wait side by side. */
const waitsBetween = 12;

/** At the ledger: others come between, but that takes no longer than a lock lasts. */
function isHeldUp({ act, outcome, untilMs }: Wait): boolean {
  return act === null && outcome === null && untilMs === null;
}

function broken(sent: boolean): AcmeLedgerError {
  const kind = sent ? 'reset' : 'unreachable';
  return unreachable(new ConnectionFailure(kind, sent, 'ca.test broke the connection'), 'POST');
}

function limited(retryAt: Date): AcmeLedgerError {
  const detail = 'too many requests';
  const problem = { type: 'urn:ietf:params:acme:error:rateLimited', detail, status: 429, subproblems: [] };
  return new AcmeLedgerError('ca-limit', detail, { httpStatus: 429, problem, retryAt });
}
