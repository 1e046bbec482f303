import { systemClock } from '../clock.ts';
import { Outage, type OutageOptions } from '../issuance/waiting/outage.ts';
import type { CommandContext } from './run-context.ts';

/**
 * A restart of a CA takes seconds; for longer a person at a terminal, or a hook that runs `issue`, waits only
 * when told to.
 */
const shortWaitMs = 20_000;

/**
 * How long a command waits for a CA that is out of order, unless it has a time of its own. @param patienceMs
 * `--wait`
 */
export function shortWait(patienceMs: number): OutageOptions['leftMs'] {
  return (waitedMs) => Math.max(patienceMs, shortWaitMs) - waitedMs;
}

/** The place where a run waits for one CA. */
export function outageOf(
  { log, stops }: CommandContext,
  { concurrency = 1, leftMs }: { concurrency?: number | undefined; leftMs: OutageOptions['leftMs'] },
): Outage {
  return new Outage({ clock: systemClock, log, concurrency, leftMs, stop: stops.work });
}
