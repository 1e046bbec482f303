import { authorityOf } from '../../acme/authorities/authorities.ts';
import { hasCode } from '../../errors.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import { giveUpLostAccounts, type LeftOpen, lostAccountError } from '../../issuance/account/lost-account.ts';
import { accountAt, recordAccountLost, recordRegistered } from '../../ledger/accounts.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { CommandContext } from '../run-context.ts';
import { ledgerExists, withLedger } from '../open-ledger.ts';
import { withAccountRun } from '../open-account.ts';

export interface RegisteredAccount {
  account: AccountRow;
  /** Authorizations that lost accounts at this CA left open. */
  leftOpen: LeftOpen[];
}

/**
 * The account for orders at `--ca`: registered where there is none, asked for at the CA where the ledger has
 * one, and replaced by a new one with a new key where the CA has ended it or doesn't know it. `--email`
 * becomes its contact.
 * @throws AcmeLedgerError as `withAccountRun`
 */
export async function registerAccount(context: CommandContext): Promise<RegisteredAccount> {
  const authority = authorityOf(context.settings.ca);
  const wasRegistered = await isRegistered(context, authority.directoryUrl);
  const run = { command: 'account register', mayRegister: true, mayReplace: true };
  const register = (isFresh: boolean): Promise<RegisteredAccount> =>
    withAccountRun(context, authority, run, async (accountRun) => ({
      account: isFresh ? accountRun.account : await accountAtCaNow(context, accountRun),
      leftOpen: await giveUpLostAccounts(accountRun),
    }));
  try {
    return await register(!wasRegistered);
  } catch (error) {
    if (!hasCode(error, 'ca-account')) throw error;
    context.log.warn({}, `${error.message}; making a new one`);
    return register(true);
  }
}

async function isRegistered(context: CommandContext, ca: string): Promise<boolean> {
  if (!(await ledgerExists(context.settings))) return false;
  return withLedger(
    context.settings,
    async (ledger) => ((await accountAt(ledger, ca))?.url ?? null) !== null,
  );
}

/**
 * The account as the CA shows it (RFC 8555 §7.3.1). @throws AcmeLedgerError `ca-account`, recorded, when it
 * is lost
 */
async function accountAtCaNow({ settings, stops }: CommandContext, run: AccountRun): Promise<AccountRow> {
  const { account, session } = run;
  const found = await session.findAccount(stops.work);
  const loss = found === null ? 'unknown' : found.status === 'valid' ? null : 'deactivated';
  if (loss !== null) {
    await recordAccountLost(run, account.id, loss);
    throw lostAccountError(account, loss);
  }
  const { email } = settings;
  const isNewEmail = email !== null && email !== account.email;
  if (isNewEmail) await session.updateContact(email, stops.work);
  const seen = { url: found?.url ?? account.url ?? '', status: 'valid' };
  if (isNewEmail || seen.url !== account.url || account.status !== 'valid') {
    await recordRegistered(run, account.id, { ...seen, ...(isNewEmail ? { email } : {}) });
  }
  return { ...account, ...seen, ...(isNewEmail ? { email } : {}) };
}
