import { unsentError } from '../../acme/http/connection-failure.ts';
import type { Clock } from '../../clock.ts';
import { whileWaiting } from '../../waits.ts';

/**
 * Sleeps until the time is over or `woken` is aborted.
 * @throws the reason of the first of `signals` that is aborted, as that of a request that wasn't sent
 */
export async function sleepUnless(
  clock: Clock,
  ms: number,
  signals: readonly AbortSignal[],
  woken?: AbortSignal,
): Promise<void> {
  const all = woken === undefined ? signals : [...signals, woken];
  try {
    const what = (): string => 'waiting for the CA, which is out of order';
    await whileWaiting({ what, limitMs: ms }, () => clock.sleep(ms, AbortSignal.any([...all])));
  } catch (error) {
    for (const one of signals) if (one.aborted) throw unsentError(one.reason, one);
    if (woken?.aborted !== true) throw error;
  }
}
