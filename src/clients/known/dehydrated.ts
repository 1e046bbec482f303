import type { AccountLayout } from '../client-account.ts';
import { textMember, webUrl } from '../found-text.ts';

/**
 * dehydrated: `accounts/NAME/account_key.pem`, where NAME is the directory URL and a line feed in base64url. The account URL is in
 * `account_id.json` beside it.
 */
export const dehydratedAccounts: AccountLayout = {
  homes: () => ['/etc/dehydrated', '/usr/local/etc/dehydrated', '/var/lib/dehydrated'],
  folder: 'accounts',
  isWanted: (path) => /^[\w-]+\/account_key\.pem$/.test(path),
  async placeOf({ parts, beside }) {
    const named = Buffer.from(parts[0] ?? '', 'base64url').toString('utf8');
    return {
      directoryUrl: webUrl(named.trim()),
      serverHost: null,
      accountUrl: webUrl(textMember(await beside('account_id.json'), 'url')),
    };
  },
};
