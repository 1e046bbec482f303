import { hasCode } from '../../errors.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';

/** A Retry-After of 0 is no leave to ask in a tight loop. */
const shortestWaitMs = 1_000;

/** How long until the CA may be asked again; null when the error asks for no wait, or for too long a one. */
export function waitUntilAllowedMs(
  { clock }: Pick<LedgerWriter, 'clock'>,
  error: unknown,
  patienceMs: number,
): number | null {
  if (!hasCode(error, 'ca-limit')) return null;
  const waitMs = error.retryAt === undefined ? Infinity : error.retryAt.getTime() - clock.now().getTime();
  return waitMs > patienceMs ? null : Math.max(waitMs, shortestWaitMs);
}
