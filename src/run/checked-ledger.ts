import type { Authority } from '../acme/authorities/authorities.ts';
import { generateAccountKey } from '../acme/http/account-key.ts';
import type { Directory } from '../acme/objects/resources.ts';
import { openSession } from '../acme/open-session.ts';
import { assertRegistrable } from '../acme/registration.ts';
import type { Registration } from '../acme/session.ts';
import { otherOwner } from '../certificates/other-owner.ts';
import { assertStateDir, prepareStateDir } from '../certificates/state-dir.ts';
import { AcmeLedgerError } from '../errors.ts';
import { lossRecorded } from '../issuance/account/lost-account.ts';
import { accountAt, lostAccountsAt } from '../ledger/accounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AccountRow } from '../ledger/schema.ts';
import { ledgerFile } from '../ledger/ledger-url.ts';
import { assertAccountKey } from './accounts/account-in-use.ts';
import { ledgerExists, openLedger } from './open-ledger.ts';
import type { CommandContext } from './run-context.ts';
import { sessionOptions } from './session-options.ts';

/**
 * Opens the ledger once nothing is found wrong with what is on disk, and it is clear that the CA is a CA: the
 * ledger has an account there, or its directory was looked at, which isn't asked for again. Only then
 * something is written.
 */
export async function openCheckedLedger(
  context: CommandContext,
  authority: Authority,
  {
    mayRegister,
    mayReplace = false,
    account: given,
  }: { mayRegister: boolean; mayReplace?: boolean; account?: AccountRow },
): Promise<{ ledger: Ledger; directory?: Directory }> {
  const { settings } = context;
  await assertStateDir(settings.stateDir);
  const other = otherOwner({ ...settings, ledgerFile: ledgerFile(settings.ledgerUrl) });
  if (other !== null) context.log.warn({ hint: other.hint }, other.message);
  const existing = (await ledgerExists(settings)) ? await openLedger(settings, { toWrite: true }) : null;
  try {
    const account =
      given ?? (existing === null ? undefined : await accountAt(existing, authority.directoryUrl));
    if (account === undefined && existing !== null && !mayReplace) await assertNoneLost(existing, authority);
    if (account === undefined && !mayRegister) throw noAccount(authority);
    await assertAccountKey(settings.stateDir, authority.directoryUrl, account);
    const directory = account === undefined ? await directoryFor(context, authority) : undefined;
    await prepareStateDir(settings.stateDir);
    const ledger = existing ?? (await openLedger(settings));
    return directory === undefined ? { ledger } : { ledger, directory };
  } catch (error) {
    await existing?.destroy();
    throw error;
  }
}

export function registrationOf({ agreeTos, email, eab }: CommandContext['settings']): Registration {
  return {
    agreeTos,
    ...(email === null ? {} : { email }),
    ...(eab === null ? {} : { externalAccountBinding: eab }),
  };
}

/**
 * Asks for the CA's directory with a key that is thrown away: nothing is written for a URL that isn't a CA's,
 * or for a CA whose terms for an account aren't met.
 */
export async function directoryFor(context: CommandContext, authority: Authority): Promise<Directory> {
  const probe = await openSession({
    ...sessionOptions(context, authority),
    cacheDir: undefined,
    accountKeyPem: generateAccountKey(),
  });
  try {
    assertRegistrable(probe.directory, registrationOf(context.settings));
    return probe.directory;
  } finally {
    probe.close();
  }
}

/**
 * Refuses where the account at the CA was lost. A person decides about a new account: the CA may want to know
 * why the old one ended. @throws AcmeLedgerError `ca-account`
 */
export async function assertNoneLost(ledger: Ledger, { directoryUrl }: Authority): Promise<void> {
  const [lost] = await lostAccountsAt(ledger, directoryUrl);
  const loss = lost === undefined ? null : lossRecorded(lost);
  if (loss !== null) throw loss;
}

function noAccount(authority: Authority): AcmeLedgerError {
  return new AcmeLedgerError('not-found', `the ledger has no account at ${authority.label}`, {
    hint: 'acme-ledger account list shows those that it has; --ca NAME|URL chooses another CA',
  });
}
