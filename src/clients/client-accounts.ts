import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { AcmeLedgerError, messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { privateKeyFrom } from './account-key-formats.ts';
import { acmeShAccounts } from './acme-sh.ts';
import { acmetoolAccounts } from './acmetool.ts';
import { caddyAccounts } from './caddy.ts';
import { certbotAccounts } from './certbot.ts';
import type { AccountLayout, ClientAccount } from './client-account.ts';
import { dehydratedAccounts } from './dehydrated.ts';
import type { Unreadable } from './found-files.ts';
import { filesBelow, foundText } from './found-files.ts';
import { legoAccounts } from './lego.ts';
import { poshAcmeAccounts } from './posh-acme.ts';
import type { Surroundings } from './surroundings.ts';
import { uacmeAccounts } from './uacme.ts';

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
export const clientNames = Object.keys(layouts) as ClientName[];

export interface ClientAccounts {
  accounts: ClientAccount[];
  /** Files and folders that may hold accounts, and couldn't be used. */
  unreadable: Unreadable[];
}

const maxBytes = 64 * 1024;

/**
 * All accounts of all servers that a client has, sorted by their files' paths; one key at one server counts once. Nothing is written.
 * @param directory the client's own directory, such as /etc/letsencrypt; without it, where the client has its files by itself
 * @throws AcmeLedgerError `not-found` when there is no such directory, `bad-file` when it can't be read
 */
export async function accountsOfClient(
  client: ClientName,
  directory?: string,
  here: Surroundings = { home: homedir(), cwd: process.cwd(), env: process.env },
): Promise<ClientAccounts> {
  const layout = layouts[client];
  const found: ClientAccounts = { accounts: [], unreadable: [] };
  for (const home of homesOf(client, layout, directory, here)) {
    const root = existsSync(join(home, layout.folder)) ? join(home, layout.folder) : home;
    const files = await filesBelow(root, layout.isKey).catch((cause: unknown) => {
      throw new AcmeLedgerError('bad-file', `${printable(root)} can't be read: ${messageOf(cause)}`, {
        hint: `check who may read it; ${client}'s files are root's as a rule`,
        cause,
      });
    });
    found.unreadable.push(...files.unreadable);
    for (const path of files.paths) await addAccount(found, { client, layout, root, path });
  }
  return found;
}

function homesOf(
  client: ClientName,
  layout: AccountLayout,
  directory: string | undefined,
  here: Surroundings,
): string[] {
  const homes = [...new Set(directory === undefined ? layout.homes(here) : [resolve(here.cwd, directory)])];
  const there = homes.filter((home) => existsSync(home));
  if (there.length > 0) return there;
  throw new AcmeLedgerError('not-found', `${client} has no files at ${homes.map(printable).join(' or ')}`, {
    hint: `say where they are: ${client}:DIR`,
  });
}

async function addAccount(
  found: ClientAccounts,
  { client, layout, root, path }: { client: string; layout: AccountLayout; root: string; path: string },
): Promise<void> {
  const file = join(root, path);
  try {
    const text = await foundText(file, maxBytes);
    const keyPem = privateKeyFrom(text, 'it');
    const beside = (name: string): Promise<string | null> =>
      foundText(join(dirname(file), name), maxBytes).catch(() => null);
    const account = {
      client,
      keyPem,
      file,
      ...(await layout.placeOf({ parts: path.split('/'), text, beside })),
    };
    if (!found.accounts.some((other) => isSame(other, account))) found.accounts.push(account);
  } catch (error) {
    found.unreadable.push({ file, reason: messageOf(error) });
  }
}

function isSame(one: ClientAccount, other: ClientAccount): boolean {
  return (
    one.keyPem === other.keyPem &&
    one.directoryUrl === other.directoryUrl &&
    one.serverHost === other.serverHost
  );
}
