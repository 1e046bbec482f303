import type { AccountLayout } from '../client-account.ts';
import { textMember, webUrl } from '../found-text.ts';

/** Posh-ACME: `SERVER/ACCOUNT/acct.json` with the key as a JWK in `key`, and the directory URL in `dir.json` one up. */
export const poshAcmeAccounts: AccountLayout = {
  homes: ({ home, env }) =>
    [
      env['POSHACME_HOME'],
      `${home}/.config/Posh-ACME`,
      `${home}/Library/Preferences/Posh-ACME`,
      env['LOCALAPPDATA'] === undefined ? undefined : `${env['LOCALAPPDATA']}/Posh-ACME`,
    ].filter((path) => path !== undefined),
  folder: '',
  isWanted: (path) => /^[^/]+\/[^/]+\/acct\.json$/.test(path),
  async placeOf({ text, beside }) {
    return {
      directoryUrl: webUrl(textMember(await beside('../dir.json'), 'location')),
      serverHost: null,
      accountUrl: webUrl(textMember(text, 'location')),
    };
  },
};
