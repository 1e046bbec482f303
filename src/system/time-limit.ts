export interface TimeLimit {
  signal: AbortSignal;
  /** Ends the limit when the work is done: nothing waits for the time any more. */
  clear(): void;
}

/**
 * A signal that is aborted when the time is over, or `signal` is. `AbortSignal.any` refers to its sources weakly (Node 20): a timeout
 * signal that nobody else holds is collected and never fires, while a timer holds its controller.
 */
export function timeLimit(ms: number, signal: AbortSignal): TimeLimit {
  const late = new AbortController();
  const timer = setTimeout(() => {
    late.abort(new DOMException(`not done within ${String(ms / 1000)} s`, 'TimeoutError'));
  }, ms);
  return {
    signal: AbortSignal.any([signal, late.signal]),
    clear() {
      clearTimeout(timer);
    },
  };
}
