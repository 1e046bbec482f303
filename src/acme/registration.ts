import { AcmeLedgerError } from '../errors.ts';
import type { Directory } from './resources.ts';
import type { Registration } from './session.ts';

/**
 * Whether the CA can accept this registration at all, by what its directory says (RFC 8555 §7.1.1).
 * @throws AcmeLedgerError `usage`; nothing was sent
 */
export function assertRegistrable(
  { meta }: Directory,
  { agreeTos, externalAccountBinding }: Registration,
): void {
  if (meta.externalAccountRequired && externalAccountBinding === undefined) {
    throw new AcmeLedgerError('usage', 'this CA wants an external account binding (EAB) for a new account', {
      hint: 'get a key ID and an HMAC key from its web site and give --eab-kid KID --eab-hmac-key-file FILE',
    });
  }
  if (meta.termsOfService !== null && !agreeTos) {
    throw new AcmeLedgerError('usage', `this CA has terms of service: ${meta.termsOfService}`, {
      hint: 'read them, then give --agree-tos',
    });
  }
}
