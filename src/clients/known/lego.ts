import type { AccountLayout } from '../client-account.ts';
import { hostOf, textMember, webUrl } from '../found-text.ts';

/**
 * lego 4: `accounts/HOST[_PORT]/EMAIL/keys/EMAIL.key`; lego 5: `accounts/HOST[_PORT]/ID/ID.key`. `account.json` beside it (lego 4: one
 * up) has the account URL, and in lego 5 the directory URL; before it, only the server's host is known.
 */
export const legoAccounts: AccountLayout = {
  homes: ({ cwd, home, env }) => [env['LEGO_PATH'] ?? `${cwd}/.lego`, `${home}/.lego`],
  folder: 'accounts',
  isWanted: (path) => /^[^/]+\/[^/]+\/(keys\/)?[^/]+\.key$/.test(path),
  async placeOf({ parts, beside }) {
    const json = await beside(parts.length === 4 ? '../account.json' : 'account.json');
    const accountUrl = webUrl(
      textMember(json, 'registration', 'uri') ?? textMember(json, 'registration', 'accountURL'),
    );
    const directoryUrl = webUrl(textMember(json, 'server'));
    const serverHost = directoryUrl === null ? serverHostOf(parts[0] ?? '', accountUrl) : null;
    return { directoryUrl, serverHost, accountUrl };
  },
};

/**
 * The host that a folder's name stands for. The account's URL is at the same host as a rule, and there the
 * port can be told from the name.
 */
function serverHostOf(folder: string, accountUrl: string | null): string | null {
  const host = hostOf(accountUrl);
  if (host !== null && host.replaceAll(':', '_') === folder) return host;
  return hostOf(webUrl(`https://${folder.replace(/_([0-9]+)$/, ':$1')}`));
}
