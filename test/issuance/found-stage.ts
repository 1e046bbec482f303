import { type FoundEnd, clearFound } from '../../src/clear/clear-found.ts';
import type { FoundClearing } from '../../src/clear/follow-url.ts';
import type { Cleared } from '../../src/clear/clear-line.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import type { FoundUrl } from '../../src/clear/kept-urls.ts';

type Named = string | Partial<FoundUrl>;

async function* found(named: Iterable<Named>): AsyncGenerator<FoundUrl> {
  for (const each of named) {
    const url = typeof each === 'string' ? each : (each.url ?? '');
    const resource = url.includes('/order/')
      ? 'order'
      : url.includes('/chall')
        ? 'challenge'
        : 'authorization';
    const usual = { url, resource, client: 'certbot', file: 'some.log', loggedAt: null } as const;
    yield await Promise.resolve(typeof each === 'string' ? usual : { ...usual, ...each });
  }
}

/** Clears what these URLs name, as a log of certbot's would. */
export async function cleared(
  issuances: AccountRun[],
  named: Iterable<Named>,
  given: Partial<FoundClearing> = {},
): Promise<{ told: Cleared[]; end: FoundEnd }> {
  const told: Cleared[] = [];
  const clearing: FoundClearing = {
    all: false,
    olderThan: null,
    dryRun: false,
    method: 'deactivate',
    concurrency: 4,
    source: 'log',
    authorizationOf: () => null,
    ...given,
  };
  const end = await clearFound(issuances, found(named), clearing, (one) => told.push(one));
  return { told, end };
}

export const actionsOf = (told: readonly Cleared[]): string[] => told.map(({ action }) => action).sort();
