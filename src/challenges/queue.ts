import pLimit, { type LimitFunction } from 'p-limit';
import { untilAborted } from '../system/until-aborted.ts';

/** The queues of this process, by concurrency and key. */
const queues = new Map<string, LimitFunction>();

/**
 * Runs `work` when fewer than `concurrency` of the same `key` are running in this process, in the order of the calls.
 * @throws the signal's reason as soon as it is aborted while waiting, and what the work throws
 */
export async function queued<T>(
  key: string,
  concurrency: number,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  // Later nobody would look at what becomes of the work that was put into the queue: an unhandled rejection ends the program.
  signal.throwIfAborted();
  const progress = { started: false };
  const done = queueOf(
    `${String(concurrency)} ${key}`,
    concurrency,
  )(async () => {
    signal.throwIfAborted();
    progress.started = true;
    return await work();
  });
  try {
    return await untilAborted(() => done, signal);
  } catch (error) {
    // Work that has started sees the signal itself, and has a process to end first.
    if (signal.aborted && progress.started) return await done;
    throw error;
  }
}

function queueOf(queueKey: string, concurrency: number): LimitFunction {
  const queue = queues.get(queueKey) ?? pLimit(concurrency);
  queues.set(queueKey, queue);
  return queue;
}
