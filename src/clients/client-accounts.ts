import { existsSync } from 'node:fs';
import { keysOf } from '../json-record.ts';
import { privateKeyFrom } from './account-key-formats.ts';
import { acmeShAccounts } from './known/acme-sh.ts';
import { acmetoolAccounts } from './known/acmetool.ts';
import { caddyAccounts } from './known/caddy.ts';
import { certbotAccounts } from './known/certbot-accounts.ts';
import type { AccountLayout, ClientAccount } from './client-account.ts';
import type { Surroundings } from './client-files.ts';
import { eachClientFile, surroundings } from './client-files.ts';
import { dehydratedAccounts } from './known/dehydrated.ts';
import type { Unreadable } from './found-files.ts';
import { legoAccounts } from './known/lego.ts';
import { poshAcmeAccounts } from './known/posh-acme.ts';
import { uacmeAccounts } from './known/uacme.ts';

const layouts = {
  certbot: certbotAccounts,
  lego: legoAccounts,
  'acme.sh': acmeShAccounts,
  dehydrated: dehydratedAccounts,
  caddy: caddyAccounts,
  'posh-acme': poshAcmeAccounts,
  uacme: uacmeAccounts,
  acmetool: acmetoolAccounts,
} as const satisfies Record<string, AccountLayout>;

export type ClientName = keyof typeof layouts;

/** The clients whose files can be read. */
export const clientNames = keysOf(layouts);

/** The folders in which clients have their files by themselves, and the client of each. */
export function clientHomes(
  here: Surroundings = surroundings(),
): { client: ClientName; home: string; isThere: boolean }[] {
  return clientNames.flatMap((client) => {
    const layout: AccountLayout = layouts[client];
    return [...new Set(layout.homes(here))].map((home) => ({ client, home, isThere: existsSync(home) }));
  });
}

export interface ClientAccounts {
  accounts: ClientAccount[];
  /** Files and folders that may hold accounts, and couldn't be used. */
  unreadable: Unreadable[];
}

/**
 * All accounts of all servers that a client has, sorted by their files' paths; one key at one server counts once. Nothing is written.
 * @param directory the client's own directory, such as /etc/letsencrypt; without it, where the client has its files by itself
 * @throws AcmeLedgerError `not-found` when there is no such directory, `bad-file` when it can't be read
 */
export async function accountsOfClient(
  client: ClientName,
  directory?: string,
  here: Surroundings = surroundings(),
): Promise<ClientAccounts> {
  const layout: AccountLayout = layouts[client];
  const accounts: ClientAccount[] = [];
  const unreadable = await eachClientFile({ client, directory, here }, layout, async (key) => {
    const keyPem = privateKeyFrom(key.text, 'it');
    const account = { client, keyPem, file: key.file, ...(await layout.placeOf(key)) };
    if (!accounts.some((other) => isSame(other, account))) accounts.push(account);
  });
  return { accounts, unreadable };
}

function isSame(one: ClientAccount, other: ClientAccount): boolean {
  return (
    one.keyPem === other.keyPem &&
    one.directoryUrl === other.directoryUrl &&
    one.serverHost === other.serverHost
  );
}
