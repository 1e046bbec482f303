import type { ClientCertificate } from '../clients/client-certificate.ts';
import type { ErrorRecord } from '../errors.ts';
import type { ImportOutcome } from './summary.ts';

/** What becomes of one certificate of another client: a line of `account import --certificates --json`. */
export interface Taken {
  certificate: string | null;
  client: string;
  /** The client's settings for it. */
  file: string;
  names: readonly string[];
  outcome: ImportOutcome;
  /** The end of the certificate's life; null where it wasn't looked at. */
  endsAt: Date | null;
  /** Lower-case hexadecimal digits; null where it wasn't looked at. */
  serial: string | null;
  /** How its names are proven from now on, in words; null where nothing says it. */
  provenBy: string | null;
  /** The client's command that is run when the certificate is renewed. */
  deployHook: string | null;
  /** Steps that the client takes for the certificate, and acme-ledger won't. */
  notes: readonly string[];
  /** Files of the client's that are links into the store from now on, or would be. */
  linked: readonly string[];
  /** Files of the client's that aren't, and why. */
  unlinked: readonly string[];
  error: ErrorRecord | null;
}

/** A file that tells of no certificate. */
export const unknownPlace = {
  certificate: null,
  names: [],
  endsAt: null,
  serial: null,
  provenBy: null,
  deployHook: null,
  notes: [],
  linked: [],
  unlinked: [],
} as const;

export function placeOf({
  client,
  file,
  name,
  names,
  notes,
  options,
}: ClientCertificate): Omit<Taken, 'outcome' | 'error'> {
  return {
    ...unknownPlace,
    certificate: name,
    client,
    file,
    names,
    notes,
    deployHook: options.deployHook ?? null,
  };
}
