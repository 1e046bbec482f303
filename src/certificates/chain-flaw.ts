import { AcmeLedgerError } from '../errors.ts';
import { storeError } from './certificate.ts';

/**
 * The flaw of a certificate that can't be stored. `final`: it can't become right, say because it is for
 * another key. `broken`: it isn't whole, which may be the fault of what lies between. `early`: by this
 * machine's clock it isn't valid yet (docs/decisions.md#a-certificate-that-cant-be-used).
 */
export type Flaw = 'final' | 'broken' | 'early';

/** The flaw of an error that was thrown for one; null for any other error. */
export function flawOf(error: unknown): Flaw | null {
  return error instanceof AcmeLedgerError && error.cause instanceof ChainFlaw ? error.cause.flaw : null;
}

export function flawedChain(flaw: Flaw, reason: string, options: { hint?: string } = {}): AcmeLedgerError {
  return storeError(reason, { ...options, cause: new ChainFlaw(flaw) });
}

/** An error whose flaw has turned out to be final. */
export function asFinal(error: AcmeLedgerError): AcmeLedgerError {
  const { code, message, hint, problem, httpStatus, retryAt } = error;
  return new AcmeLedgerError(code, message, {
    ...(hint === undefined ? {} : { hint }),
    ...(problem === undefined ? {} : { problem }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(retryAt === undefined ? {} : { retryAt }),
    cause: new ChainFlaw('final'),
  });
}

class ChainFlaw extends Error {
  readonly flaw: Flaw;

  constructor(flaw: Flaw) {
    super(`a flaw of a certificate: ${flaw}`);
    this.flaw = flaw;
  }
}
