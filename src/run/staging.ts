import type { Authority } from '../acme/authorities/authorities.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { isStaging, rehearsalAuthority } from '../acme/authorities/stagings.ts';
import type { ErrorRecord } from '../errors.ts';
import type { CommandContext } from './run-context.ts';

/**
 * Where what `renew` orders at this CA is rehearsed; null when the CA is a staging itself.
 * @throws AcmeLedgerError `usage` when it has none
 */
export function stagingOf({ settings: { rehearsalCa } }: CommandContext, ca: string): Authority | null {
  const authority = authorityOf(ca);
  return isStaging(authority, rehearsalCa) ? null : rehearsalAuthority(authority, rehearsalCa);
}

/** What keeps an order from being rehearsed, told of the certificate. */
export function ofRehearsal(error: ErrorRecord, { label }: Authority): ErrorRecord {
  return { ...error, message: `the rehearsal at ${label} has to wait: ${error.message}` };
}
