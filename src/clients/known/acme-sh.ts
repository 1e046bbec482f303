import type { AccountLayout } from '../client-account.ts';
import { webUrl } from '../found-text.ts';
import { shellValues } from '../shell-values.ts';

/**
 * acme.sh: `ca/HOST/PATH…/account.key`, without the port of the directory URL; old versions had no path there. `ca.conf` beside it
 * has the account URL. What lies in `deactivated/` was put aside by acme.sh when it had deactivated the account.
 */
export const acmeShAccounts: AccountLayout = {
  homes: ({ home, env }) => [env['LE_CONFIG_HOME'] ?? env['LE_WORKING_DIR'] ?? `${home}/.acme.sh`],
  folder: 'ca',
  isWanted: (path) => path.endsWith('/account.key') && !path.includes('/deactivated/'),
  async placeOf({ parts, beside }) {
    const accountUrl = webUrl(shellValues((await beside('ca.conf')) ?? '').get('ACCOUNT_URL') ?? null);
    const [hostname = '', ...path] = parts.slice(0, -1);
    const host = hostWithPort(hostname, accountUrl);
    return path.length === 0
      ? { directoryUrl: null, serverHost: host, accountUrl }
      : { directoryUrl: webUrl(`https://${host}/${path.join('/')}`), serverHost: null, accountUrl };
  },
};

function hostWithPort(hostname: string, accountUrl: string | null): string {
  if (accountUrl === null) return hostname;
  const url = new URL(accountUrl);
  return url.hostname === hostname ? url.host : hostname;
}
