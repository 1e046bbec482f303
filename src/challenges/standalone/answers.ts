import type { Server } from 'node:net';
import type { Clock } from '../../clock.ts';
import { openServer } from './server-socket.ts';
import type { StandaloneSettings } from './settings.ts';
import { SharedListener } from './shared-listener.ts';
import { socketAddressText } from '../../system/socket-address.ts';
import type { Solver } from '../solver.ts';

type Address = StandaloneSettings['listen'];

/** The answers of one solver, by keys of its own among those of all solvers of this process. */
export interface StandaloneAnswers<Answer> extends Pick<
  Solver,
  'waitUntilVisible' | 'assertStillVisible' | 'close'
> {
  add: (key: string, answer: Answer, signal: AbortSignal) => Promise<void>;
  remove: (key: string) => Promise<void>;
}

/**
 * The answers of all orders of this process, by the address they are given at: one server there for all solvers.
 * @param serverFor makes a server, not listening yet, that looks into the answers
 */
export function standaloneAnswers<Answer>(
  serverFor: (answers: ReadonlyMap<string, Answer>) => Server,
): (address: Address, clock: Clock) => StandaloneAnswers<Answer> {
  const listeners = new Map<string, SharedListener<Answer>>();
  return (address, clock) => {
    const key = socketAddressText(address);
    const listener =
      listeners.get(key) ??
      new SharedListener<Answer>((answers, signal) => openServer(serverFor(answers), address, clock, signal));
    listeners.set(key, listener);
    return answersAt(listener);
  };
}

function answersAt<Answer>(listener: SharedListener<Answer>): StandaloneAnswers<Answer> {
  const presented = new Set<string>();
  return {
    async add(key, answer, signal) {
      presented.add(key);
      await listener.add(key, answer, signal);
    },
    async remove(key) {
      presented.delete(key);
      await listener.remove(key);
    },
    // An answer that this process gives needn't be looked for.
    waitUntilVisible: unlessAborted,
    assertStillVisible: unlessAborted,
    async close() {
      await Promise.all([...presented].map((key) => listener.remove(key)));
      presented.clear();
    },
  };
}

async function unlessAborted(_answer: unknown, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  return Promise.resolve();
}
