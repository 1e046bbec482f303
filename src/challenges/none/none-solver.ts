import { AcmeLedgerError } from '../../errors.ts';
import type { Solver } from '../solver.ts';
import type { NoneSettings } from './settings.ts';

/** Nothing is ever put up; an order ends before this is called. */
export function noneSolver({ challenge }: NoneSettings): Solver {
  const refuse = (): Promise<never> => {
    const message = 'the solver none puts no answer up';
    return Promise.reject(new AcmeLedgerError('solver', message, { hint: 'choose another --solver' }));
  };
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    type: challenge,
    present: refuse,
    waitUntilVisible: refuse,
    assertStillVisible: refuse,
    cleanUp: nothing,
    close: nothing,
  };
}
