import { later } from '../../clock.ts';
import { type ErrorRecord, errorRecord } from '../../errors.ts';
import { identifierSetKey, parseName } from '../../identifiers.ts';
import { accountById } from '../../ledger/accounts.ts';
import { holdsOf } from '../../ledger/limits/holds.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { liveOrderKeys, namesIssuedSince } from '../../ledger/orders/order-queries.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { Exemption } from './exemption.ts';
import { ownPatienceMs } from '../waiting/obey-retry-after.ts';
import { forCertificate, heldError, holdAmong } from './holds.ts';
import { isReplaceable, isWindowOpen, lifeOf } from '../due/renewal-window.ts';
import { renewalsSince } from './spending.ts';

/** The order that would be made for a certificate. */
interface Wanted {
  certificate: Pick<CertificateRow, 'name' | 'profile'>;
  /** The certificate's row; missing where the certificate isn't this CA's. */
  stored?: CertificateRow | undefined;
  names: readonly string[];
}

/**
 * The certificates, by name, that the CA asked to wait with, as the gate will find. An order that an earlier
 * attempt left goes on unless every request is held. Nobody is asked.
 * @param options.waitMs how long a certificate may wait in the run
 */
export async function plannedHolds(
  ledger: Ledger,
  accountId: number,
  wanted: readonly Wanted[],
  { now, waitMs }: { now: Date; waitMs: number },
): Promise<Map<string, ErrorRecord>> {
  // A run waits for so long by itself before it sends a request.
  const patient = later(now, Math.max(waitMs, ownPatienceMs));
  const holds = await holdsOf(ledger, accountId, now);
  const held = new Map<string, ErrorRecord>();
  if (holds.length === 0) return held;
  const live = await liveOrderKeys(ledger, accountId);
  const ca = (await accountById(ledger, accountId))?.ca ?? '';
  const issued = await namesIssuedSince(ledger, ca, renewalsSince(now));
  for (const { certificate, stored, names } of wanted) {
    const identifiers = names.map(parseName);
    const namesKey = identifierSetKey(identifiers);
    const isLive = live.has(`${certificate.profile} ${namesKey}`);
    const exemption: Exemption = {
      isRenewal: issued.has(namesKey),
      replacesInWindow: stored !== undefined && isReplaceable(stored) && isWindowOpen(stored, now),
    };
    const life = stored === undefined ? null : lifeOf(stored);
    const bounded = holds.map((hold) => forCertificate(hold, life));
    const hold = holdAmong(bounded, isLive ? { kind: 'act' } : { kind: 'newOrder', identifiers }, {
      exemption,
      now: patient,
    });
    if (hold === null) continue;
    const order = { names, certificateName: certificate.name };
    held.set(certificate.name, errorRecord(heldError(hold, isLive ? {} : { order })));
  }
  return held;
}
