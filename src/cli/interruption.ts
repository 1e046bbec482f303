import { setMaxListeners } from 'node:events';
import { AcmeLedgerError } from '../errors.ts';
import type { Interruption } from '../log-and-stops.ts';
import { complain } from './output/output.ts';

/**
 * The time that settling has after the signal; the rest of the 10 s promised is for a hook that has to be
 * killed, and closing down.
 */
const graceMs = 5_000;

/**
 * A signal that comes within this time of the first means the same: people press ^C twice, and npm and sudo
 * pass on the signal that the terminal has sent to all of them.
 */
const sameWantedMs = 1_000;

/**
 * SIGINT and SIGTERM stop the work at once and its settling after a while; another signal later ends the
 * program where it stands.
 */
export function listenForSignals(): Interruption {
  const work = new AbortController();
  const grace = new AbortController();
  // All requests in flight for a hundred names listen; Node would warn of more than ten listeners.
  setMaxListeners(0, work.signal, grace.signal);
  const interruption: Interruption = {
    work: work.signal,
    grace: grace.signal,
    signal: null,
    dispose: () => {
      for (const [name, listener] of listeners) process.off(name, listener);
    },
  };
  let firstAt = 0;
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((name) => {
    const listener = (): void => {
      if (interruption.signal !== null) {
        if (performance.now() - firstAt >= sameWantedMs) endHere(interruption, name);
        return;
      }
      interruption.signal = name;
      firstAt = performance.now();
      const reason = new AcmeLedgerError('interrupted', `interrupted by ${name}`, {
        hint: 'what was open is settled, or written down for the next run',
      });
      work.abort(reason);
      setTimeout(() => {
        grace.abort(reason);
      }, graceMs).unref();
    };
    process.on(name, listener);
    return [name, listener] as const;
  });
  return interruption;
}

/**
 * Ends the program by the signal itself: process.exit waits for system calls that are under way, and the
 * program may hang in one of them. Shells show that end as 130 or 143, too.
 */
function endHere(interruption: Interruption, name: 'SIGINT' | 'SIGTERM'): void {
  complain(
    new AcmeLedgerError('interrupted', `ended by another ${name}, before all was settled`, {
      hint: 'the next run settles what was open, or acme-ledger authz clear',
    }),
  );
  interruption.dispose();
  process.kill(process.pid, name);
  // The process is still here: as the first of a container it isn't ended by signals of its own.
  process.exit(name === 'SIGINT' ? 130 : 143);
}
