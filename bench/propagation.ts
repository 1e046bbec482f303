import { setTimeout as delay } from 'node:timers/promises';
import type { BindLab } from '../test/support/bind.ts';

/** How long changes of a zone take from its primary to the other servers. */
export interface Propagation {
  /** The longest time so far that one change took to the last server. */
  slowestMs(): number;
  /** How many changes the primary has made so far. */
  changes(): number;
  stop(): Promise<void>;
}

/** The times are known to within as much. */
const everyMs = 50;

/**
 * Follows the serial of a zone on its servers, each asked directly: every update of the primary adds one.
 * @param servers the primary first
 */
export async function watchPropagation(
  bind: BindLab,
  zone: string,
  servers: readonly [string, ...string[]],
): Promise<Propagation> {
  const [primary, ...others] = servers;
  const first = await bind.serial(primary, zone);
  let newest = first;
  let slowestMs = 0;
  /** When the primary had each serial that some server still lacks. */
  const under: { serial: number; at: number }[] = [];
  const look = async (): Promise<void> => {
    const serial = await bind.serial(primary, zone);
    if (serial > newest) under.push({ serial, at: performance.now() });
    newest = serial;
    const reached = Math.min(...(await Promise.all(others.map((server) => bind.serial(server, zone)))));
    const now = performance.now();
    while (under[0] !== undefined && under[0].serial <= reached)
      slowestMs = Math.max(slowestMs, now - (under.shift()?.at ?? now));
  };
  const stopped = new AbortController();
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await delay(everyMs);
    }
  })();
  watching.catch(() => undefined);
  return {
    slowestMs: () => slowestMs,
    changes: () => newest - first,
    async stop() {
      stopped.abort();
      await watching;
    },
  };
}
