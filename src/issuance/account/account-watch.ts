import { accountLossOf } from '../../acme/objects/account-loss.ts';
import type { AcmeLedgerError } from '../../errors.ts';
import { accountById, recordAccountLost } from '../../ledger/accounts.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { lostAccountError } from './lost-account.ts';

/** Whether the CA still takes requests of an account. */
export interface AccountWatch {
  /**
   * Asserts that the CA hasn't refused the account: each further request would be refused, too.
   * @throws AcmeLedgerError `ca-account`
   */
  assertKept(): void;
  /**
   * To be called with the error of each request that failed.
   * @throws AcmeLedgerError `ca-account`, recorded, when it is the account that was refused
   */
  note(error: unknown): Promise<void>;
}

export function accountWatch(writer: LedgerWriter, accountId: number): AccountWatch {
  let lost: AcmeLedgerError | null = null;
  return {
    assertKept() {
      if (lost !== null) throw lost;
    },
    async note(error) {
      const loss = accountLossOf(error);
      if (loss === null) return;
      await recordAccountLost(writer, accountId, loss);
      const row = await accountById(writer.ledger, accountId);
      lost = lostAccountError(row ?? { ca: '', url: null }, loss, error as AcmeLedgerError);
      throw lost;
    },
  };
}
