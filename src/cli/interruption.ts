import { setMaxListeners } from 'node:events';
import { AcmeLedgerError } from '../errors.ts';
import type { Stops } from '../issuance/issuance.ts';

/** From the signal to the end of what settles; the rest of the 10 s promised is for a hook that has to be killed, and closing down. */
const graceMs = 5_000;

export interface Interruption extends Stops {
  /** The signal that stopped the program; null while it runs. */
  signal: 'SIGINT' | 'SIGTERM' | null;
  dispose(): void;
}

/** SIGINT and SIGTERM stop the work at once and what settles it after a while. */
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
  const listeners = (['SIGINT', 'SIGTERM'] as const).map((name) => {
    const listener = (): void => {
      if (interruption.signal !== null) return;
      interruption.signal = name;
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

/** The exit code of a run that a signal stopped, whatever it would have been; null while none came. */
export function stoppedCode({ signal }: Pick<Interruption, 'signal'>): number | null {
  if (signal === null) return null;
  return signal === 'SIGINT' ? 130 : 143;
}
