import type { Authority } from '../../acme/authorities/authorities.ts';
import type { Account } from '../../acme/objects/resources.ts';
import type { Session } from '../../acme/session.ts';
import { openSession } from '../../acme/open-session.ts';
import { accountAtCa } from './found-account.ts';
import type { CommandContext } from '../run-context.ts';
import { sessionOptions } from '../session-options.ts';
import { limitsAt } from '../../settings/limit-changes.ts';

/**
 * A session for the account that the CA has for this key, asked for by the key alone (RFC 8555 §7.3.1): no
 * account is ever made, and nothing is written. A caller that works on the account through the ledger first
 * keeps it there with `keepFoundAccount` (src/run/accounts/found-account.ts), for `clean-up` where `issue`
 * and `renew` should go on with the account that they have.
 * @param maxInFlight requests at once; as `openSession`
 * @returns to be closed
 * @throws AcmeLedgerError `ca-problem` when the CA has no account for the key, or one that isn't valid any
 * more; as `openSession`
 */
export async function openAccountOfKey(
  context: CommandContext,
  authority: Authority,
  keyPem: string,
  maxInFlight?: number,
): Promise<{ session: Session; account: Account }> {
  const session = await openSession({
    ...sessionOptions(context, authority),
    cacheDir: undefined,
    pace: limitsAt(authority, context.settings.limits).pace,
    accountKeyPem: keyPem,
    maxInFlight,
  });
  try {
    return { session, account: await accountAtCa(session, context.stops.work) };
  } catch (error) {
    session.close();
    throw error;
  }
}
