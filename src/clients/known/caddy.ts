import type { AccountLayout } from '../client-account.ts';
import { hostOf, textMember, webUrl } from '../found-text.ts';

/**
 * Caddy, and what else is built on certmagic: `acme/ISSUER/users/EMAIL/USER.key`. ISSUER is host and path of the directory URL in lower
 * case with hyphens for slashes, which can't always be undone; the account URL, in the `.json` of the same name, tells the host.
 */
export const caddyAccounts: AccountLayout = {
  homes: ({ home, env }) => {
    const data = env['XDG_DATA_HOME'] ?? `${home}/.local/share`;
    return [`${data}/caddy`, `${data}/certmagic`, '/var/lib/caddy/.local/share/caddy'];
  },
  folder: 'acme',
  isWanted: (path) => /^[^/]+\/users\/[^/]+\/[^/]+\.key$/.test(path),
  async placeOf({ parts, beside }) {
    const json = await beside((parts.at(-1) ?? '').replace(/key$/, 'json'));
    const accountUrl = webUrl(textMember(json, 'location'));
    const serverHost = hostOf(accountUrl);
    const directoryUrl = serverHost === null ? null : directoryOf(parts[0] ?? '', serverHost);
    return { directoryUrl, serverHost: directoryUrl === null ? serverHost : null, accountUrl };
  },
};

/**
 * The directory URL is told only where there is no doubt: a hyphen may have been a slash, and a letter a
 * capital.
 */
function directoryOf(issuer: string, host: string): string | null {
  const path = ['directory', 'dir'].find((word) => issuer === `${host.replaceAll(':', '-')}-${word}`);
  return path === undefined ? null : `https://${host}/${path}`;
}
