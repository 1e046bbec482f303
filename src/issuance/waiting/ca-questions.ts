import { AcmeLedgerError } from '../../errors.ts';

/** Questions to a CA about many things, which end once the CA wants no more of them. */
export class CaQuestions {
  /** Why nothing more is asked; null as long as there is no reason. */
  end: AcmeLedgerError | null = null;
  notAsked = 0;

  /**
   * Asks one question. Gives the answer of `ask`, or the error when it failed; null when it wasn't asked, or
   * the CA wants no more requests now.
   */
  async ask<T>(ask: () => Promise<T>): Promise<T | AcmeLedgerError | null> {
    if (this.end !== null) {
      this.notAsked += 1;
      return null;
    }
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      return this.#failed(error);
    }
  }

  /** Ends the questions: nothing more is asked. */
  stop(error: AcmeLedgerError): void {
    this.end ??= error;
  }

  #failed(error: AcmeLedgerError): AcmeLedgerError | null {
    if (['ca-limit', 'ca-outage', 'ca-account'].includes(error.code)) {
      this.end ??= error;
      this.notAsked += 1;
      return null;
    }
    return error;
  }
}
