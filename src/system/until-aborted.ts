import { setMaxListeners } from 'node:events';

/**
 * Waits for work that can't be told to stop (a disk, a name server), but no longer than until `signal` is
 * aborted. After that the work isn't even started.
 * @throws the signal's reason, or what the work throws
 */
export async function untilAborted<T>(start: () => Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  // A hundred names of one order wait on one signal: node would call more than ten listeners a leak.
  setMaxListeners(0, signal);
  let stopListening = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort);
    stopListening = () => {
      signal.removeEventListener('abort', onAbort);
    };
  });
  try {
    return await Promise.race([start(), aborted]);
  } finally {
    stopListening();
  }
}
