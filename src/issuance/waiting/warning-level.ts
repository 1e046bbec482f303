import { hasCode } from '../../errors.ts';

/**
 * How loudly a run says what it leaves to the next one. That the CA is out of order is told once, by the run (outage.ts), and not again for
 * each order and authorization that waits for it.
 * @param error why it is left
 */
export function warningLevel(error: unknown): 'info' | 'warn' {
  return hasCode(error, 'ca-outage') ? 'info' : 'warn';
}
