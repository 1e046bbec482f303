import { AcmeLedgerError } from '../errors.ts';

/** One that breaks may be bad luck; after so many in a row the CA is out of reach, and a thousand time-outs would take hours. */
const unreachableMax = 3;

/** Asking a CA for many things: whether to go on. */
export class Asking {
  /** Why nothing more is asked; null as long as there is no reason. */
  end: AcmeLedgerError | null = null;
  notAsked = 0;
  #unreachable = 0;

  /** What `ask` gives; the error when it failed; null when it wasn't asked, or the CA wants no more requests now. */
  async ask<T>(ask: () => Promise<T>): Promise<T | AcmeLedgerError | null> {
    if (this.end !== null) {
      this.notAsked += 1;
      return null;
    }
    try {
      const answer = await ask();
      this.#unreachable = 0;
      return answer;
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      return this.#failed(error);
    }
  }

  /** Nothing more is asked. */
  stop(error: AcmeLedgerError): void {
    this.end ??= error;
  }

  #failed(error: AcmeLedgerError): AcmeLedgerError | null {
    if (error.code === 'ca-limit' || error.code === 'ca-account') {
      this.end ??= error;
      this.notAsked += 1;
      return null;
    }
    this.#unreachable = error.code === 'ca-unreachable' ? this.#unreachable + 1 : 0;
    if (this.#unreachable >= unreachableMax) this.end ??= error;
    return error;
  }
}
