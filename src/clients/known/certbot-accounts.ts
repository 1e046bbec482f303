import type { AccountLayout } from '../client-account.ts';
import { textMember, webUrl } from '../found-text.ts';

/**
 * certbot: `accounts/HOST[:PORT]/PATH…/ID/private_key.json`, a JWK; host and path are those of the directory URL. The account URL is
 * in `regr.json` beside it.
 */
export const certbotAccounts: AccountLayout = {
  homes: () => ['/etc/letsencrypt', '/usr/local/etc/letsencrypt'],
  folder: 'accounts',
  isWanted: (path) => /^[^/]+(\/[^/]+)*\/[0-9a-f]{32}\/private_key\.json$/.test(path),
  async placeOf({ parts, beside }) {
    const server = parts.slice(0, -2).join('/');
    return {
      directoryUrl: webUrl(`https://${successors.get(server) ?? server}`),
      serverHost: null,
      accountUrl: webUrl(textMember(await beside('regr.json'), 'uri')),
    };
  },
};

/** Servers of ACME v1, now gone, whose accounts certbot goes on using at their successors. */
const successors = new Map([
  ['acme-v01.api.letsencrypt.org/directory', 'acme-v02.api.letsencrypt.org/directory'],
  ['acme-staging.api.letsencrypt.org/directory', 'acme-staging-v02.api.letsencrypt.org/directory'],
]);
