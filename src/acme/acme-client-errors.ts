import { AcmeLedgerError } from '../errors.ts';
import { isUnsent } from './http/connection-failure.ts';
import type { CallOptions } from './http/signed-http.ts';

/**
 * An error of acme-client as one of this program. acme-client throws a plain Error for a success of another kind than RFC 8555 has there,
 * and for a resource that the directory lacks; other errors stay as they are.
 */
export function asDeparture(error: unknown, { action, signal }: CallOptions): unknown {
  if (signal?.aborted === true || isUnsent(error)) return error;
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  return new AcmeLedgerError(
    'ca-answer',
    `asked ${action}, the CA answered in a way that RFC 8555 doesn't have`,
    {
      hint: 'this CA departs from RFC 8555; report it with the output of -v',
      cause: error,
    },
  );
}
