import type { AccountLayout } from '../client-account.ts';
import { webUrl } from '../found-text.ts';

/** acmetool: `accounts/SERVER/KEY/privkey`, where SERVER is the directory URL without `https://`, escaped as in a query. */
export const acmetoolAccounts: AccountLayout = {
  homes: () => ['/var/lib/acme'],
  folder: 'accounts',
  isWanted: (path) => /^[^/]+\/[^/]+\/privkey$/.test(path),
  placeOf: ({ parts }) =>
    Promise.resolve({ directoryUrl: directoryOf(parts[0] ?? ''), serverHost: null, accountUrl: null }),
};

function directoryOf(escaped: string): string | null {
  const isPlain = escaped.startsWith('http:');
  try {
    const address = decodeURIComponent(escaped.slice(isPlain ? 'http:'.length : 0).replaceAll('+', ' '));
    return webUrl(`${isPlain ? 'http' : 'https'}://${address}`);
  } catch {
    return null;
  }
}
