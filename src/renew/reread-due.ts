import { systemClock, isSameTime } from '../clock.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { certificateByName } from '../ledger/certificates/certificates.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { Renewed } from './work.ts';
import type { Due } from '../issuance/due/due.ts';

/**
 * A due certificate as it stands now, when its turn has come: runs at the same time share the work, and the
 * list of due certificates was read when this run began.
 * @returns the result when another run has done what was due; else the row to work on, or null for a
 * certificate that nobody wants any more, or that was paused meanwhile
 */
export async function rereadDue(
  ledger: Ledger,
  listed: CertificateRow,
  due: Due,
): Promise<{ done: Renewed } | { row: CertificateRow } | null> {
  const row = (await certificateByName(ledger, listed.name)) ?? listed;
  if (row.removed_at !== null) return null;
  const isNew = !isSameTime(row.stored_at, listed.stored_at);
  const isDone = due.reason === 'not-deployed' ? row.deployed_at !== null : isNew && row.order_id !== null;
  if (!isDone) return pauseOf(row, systemClock.now()) === null ? { row } : null;
  return {
    done: { certificate: row, status: listed.stored_at === null ? 'issued' : 'renewed', error: null },
  };
}
