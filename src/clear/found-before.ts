import type { FoundBefore } from '../ledger/authorizations/found-urls.ts';
import { recordFoundUrl } from '../ledger/authorizations/found-urls.ts';
import type { Account, Lead } from './leads.ts';

/** Where an order's or a challenge's URL led when an earlier run asked for it; null where none has. */
export function rememberedOutcome({
  candidates,
  before,
}: Lead): { account: Account; urls: readonly string[] } | 'untold' | null {
  for (const { accountId, outcome, authorizations: urls } of before) {
    const account = candidates.find(({ run }) => run.account.id === accountId);
    if (outcome === 'expanded' && account !== undefined) return { account, urls };
  }
  return before.some(({ outcome }) => outcome === 'untold') ? 'untold' : null;
}

/** The accounts that no earlier run asked with for the URL. */
export function notAskedBefore(candidates: readonly Account[], before: readonly FoundBefore[]): Account[] {
  return candidates.filter(({ run }) => !before.some(({ accountId }) => accountId === run.account.id));
}

/** Notes in the ledger where a URL led, so that the next run needn't ask for it. */
export async function remember(
  { run }: Account,
  url: string,
  outcome: FoundBefore['outcome'],
  authorizations: string[] = [],
): Promise<void> {
  await recordFoundUrl(run, url, { accountId: run.account.id, outcome, authorizations });
}
