import { isTemporary } from '../error-kinds.ts';
import type { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { KeyChoice } from '../run/accounts/chosen-keys.ts';
import { eachChosenAccount } from '../run/accounts/many-accounts.ts';
import { paced } from '../run/rate.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Cleared } from './clear-line.ts';
import { discover } from './discover.ts';

export interface DiscoverOptions {
  keys: KeyChoice;
  /** Requests at one time. */
  concurrency: number;
  /** Requests a second at most; null for as many as there are. */
  perSecond: number | null;
}

export interface DiscoverSummary {
  orders: number;
  pending: number;
  failed: number;
  /** Accounts whose CA keeps no list of their orders. */
  unlisted: number;
}

/** A line of `authz discover --json`. */
export type Discovered = Pick<Cleared, 'url' | 'identifier' | 'expiresAt' | 'account' | 'reason'> & {
  status: string | null;
};

export interface DiscoveredAll {
  summary: DiscoverSummary;
  /** Why accounts weren't asked for all their orders. */
  ends: AcmeLedgerError[];
  exitCode: number;
}

/**
 * Looks through each account's list of orders at its CA. @param tell called for open authorizations, and for
 * URLs that couldn't be asked for
 */
export async function discoverAccounts(
  context: CommandContext,
  { keys, concurrency, perSecond }: DiscoverOptions,
  tell: (discovered: Discovered) => void,
): Promise<DiscoveredAll> {
  const summary = { orders: 0, pending: 0, failed: 0, unlisted: 0 };
  const ends: AcmeLedgerError[] = [];
  const run = { command: 'authz discover', concurrency };
  const unusable = await eachChosenAccount(paced(context, perSecond), run, keys, async (accountRun) => {
    const { isListed, orders, end } = await discover(accountRun, { concurrency }, (seen) => {
      if (seen.action === 'failed') summary.failed += 1;
      else summary.pending += 1;
      tell(openJson(seen));
    });
    summary.orders += orders;
    if (end !== null) ends.push(end);
    if (isListed) return;
    summary.unlisted += 1;
    context.log.warn(
      { ca: accountRun.account.ca },
      `${printable(accountRun.account.ca)} keeps no list of an account's orders: acme-ledger authz clear --from-log FILE finds what other clients' logs name`,
    );
  });
  const hasFailed = summary.failed > 0 || unusable > 0 || ends.some((end) => !isTemporary(end));
  return { summary, ends, exitCode: hasFailed ? 1 : ends.length > 0 ? 75 : 0 };
}

function openJson({ url, identifier, after, expiresAt, account, reason }: Cleared): Discovered {
  return { url, identifier, status: after, expiresAt, account, reason };
}
