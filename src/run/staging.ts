import type { Authority } from '../acme/authorities/authorities.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { isStaging, rehearsalAuthority } from '../acme/authorities/stagings.ts';
import type { ErrorRecord } from '../errors.ts';
import type { CommandContext } from './run-context.ts';

/**
 * The staging where orders of `renew` at this CA are rehearsed; null when the CA is a staging itself.
 * @throws AcmeLedgerError `usage` when the CA has none
 */
export function stagingOf({ settings: { rehearsalCa } }: CommandContext, ca: string): Authority | null {
  const authority = authorityOf(ca);
  return isStaging(authority, rehearsalCa) ? null : rehearsalAuthority(authority, rehearsalCa);
}

/** The error that keeps an order from being rehearsed, as an error of its certificate. */
export function ofRehearsal(error: ErrorRecord, { label }: Authority): ErrorRecord {
  return { ...error, message: `the rehearsal at ${label} has to wait: ${error.message}` };
}
