import { later } from '../clock.ts';
import { type ErrorRecord, errorRecord } from '../errors.ts';
import { identifierSetKey, parseName } from '../identifiers.ts';
import { holdsOf } from '../ledger/holds.ts';
import type { Ledger } from '../ledger/open.ts';
import { liveOrderKeys } from '../ledger/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { ownPatienceMs } from './heedful-session.ts';
import { heldError, holdAmong } from './holds.ts';

/** What would be ordered of a certificate. */
interface Wanted {
  certificate: Pick<CertificateRow, 'name' | 'profile'>;
  names: readonly string[];
}

/**
 * Certificates, by name, that the CA asked not to be asked for yet, as the gate will find; an order that a former attempt left is gone on
 * with unless every request is held. Nobody is asked.
 * @param options.waitMs how long a certificate may wait in the run
 */
export async function plannedHolds(
  ledger: Ledger,
  accountId: number,
  wanted: readonly Wanted[],
  { now, waitMs }: { now: Date; waitMs: number },
): Promise<Map<string, ErrorRecord>> {
  // A run waits so long by itself before it asks anything.
  const patient = later(now, Math.max(waitMs, ownPatienceMs)).toISOString();
  const holds = (await holdsOf(ledger, accountId, now)).filter(({ not_before }) => not_before > patient);
  const held = new Map<string, ErrorRecord>();
  if (holds.length === 0) return held;
  const live = await liveOrderKeys(ledger, accountId);
  for (const { certificate, names } of wanted) {
    const identifiers = names.map(parseName);
    const isLive = live.has(`${certificate.profile} ${identifierSetKey(identifiers)}`);
    const hold = holdAmong(holds, isLive ? { kind: 'act' } : { kind: 'newOrder', identifiers });
    if (hold !== null) held.set(certificate.name, errorRecord(heldError(hold)));
  }
  return held;
}
