import { authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import { accountById } from '../ledger/accounts.ts';
import { namesAuthorized } from '../ledger/authorizations/names-asked.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { certainLook } from '../preflight/before-order/look-before.ts';
import { KnownAuthorities } from '../preflight/known-authorities.ts';
import { subjectOf } from '../preflight/subject.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Probing } from './probe-names.ts';

/** What an order with a failing name would certainly fail for, by the look that is made before orders, too. */
export function faultOfCandidate(context: CommandContext, ledger: Ledger): NonNullable<Probing['faultOf']> {
  const look = certainLook(context.settings);
  const authorities = new KnownAuthorities(context, ledger);
  return async ({ name, settings }, signal) => {
    const account = await accountById(ledger, name.account_id);
    if (account === undefined) return null;
    const authorized = await namesAuthorized(ledger, account.id, [name.value], systemClock.now());
    const known = await authorities.known(authorityOf(account.ca));
    const faults = await look(
      [{ ...subjectOf(name.value, settings, known), isAuthorized: authorized.has(name.value) }],
      {
        log: context.log,
        signal,
      },
    );
    return faults.get(name.value) ?? null;
  };
}
