import { setMaxListeners } from 'node:events';
import { AcmeLedgerError } from '../errors.ts';
import type { Interruption } from '../log-and-stops.ts';
import { complain } from './output/output.ts';

/** From the signal to the end of what settles; the rest of the 10 s promised is for a hook that has to be killed, and closing down. */
const graceMs = 5_000;

/**
 * A signal that comes within this time of the first is the same wish: people press ^C twice, and npm and sudo pass on what the terminal has
 * sent to all of them.
 */
const sameWishMs = 1_000;

/** SIGINT and SIGTERM stop the work at once and what settles it after a while; another one later ends the program where it stands. */
export function listenForSignals(): Interruption {
  const work = new AbortController();
  const grace = new AbortController();
  // Everything that is in flight for a hundred names listens; Node would warn of more than ten.
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
        if (performance.now() - firstAt >= sameWishMs) endHere(interruption, name);
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
 * By the signal itself: process.exit waits for system calls that are under way, and one may be what the program hangs in. Shells show that as
 * 130 or 143, too.
 */
function endHere(interruption: Interruption, name: 'SIGINT' | 'SIGTERM'): void {
  complain(
    new AcmeLedgerError('interrupted', `ended by another ${name}, before all was settled`, {
      hint: 'the next run settles what was open, or acme-ledger authz clear',
    }),
  );
  interruption.dispose();
  process.kill(process.pid, name);
  // Still here: as the first process of a container it isn't ended by signals of its own.
  process.exit(name === 'SIGINT' ? 130 : 143);
}
