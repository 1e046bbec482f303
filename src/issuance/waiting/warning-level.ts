import { hasCode } from '../../errors.ts';

/**
 * The level at which a run logs work that it leaves to the next one. That the CA is out of order is told
 * once, by the run (outage.ts), and not again for each order and authorization that waits for it.
 * @param error why the work is left
 */
export function warningLevel(error: unknown): 'info' | 'warn' {
  return hasCode(error, 'ca-outage') ? 'info' : 'warn';
}
