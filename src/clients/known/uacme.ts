import type { AccountLayout } from '../client-account.ts';

/** uacme: one `private/key.pem`, for whatever server it is told; the keys of certificates lie in folders beside it. */
export const uacmeAccounts: AccountLayout = {
  homes: () => ['/etc/ssl/uacme', '/usr/local/etc/ssl/uacme'],
  folder: 'private',
  isWanted: (path) => path === 'key.pem',
  placeOf: () => Promise.resolve({ directoryUrl: null, serverHost: null, accountUrl: null }),
};
