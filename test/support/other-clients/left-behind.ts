import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { AcmeProxy } from '../proxy.ts';
import { acmeClient } from './acme-client.ts';
import { certbot } from './certbot.ts';
import type { LeavingClient } from './client-run.ts';
import { dehydrated } from './dehydrated.ts';
import { lego } from './lego.ts';
import { uacme } from './uacme.ts';

const clients = {
  certbot,
  lego,
  dehydrated,
  uacme,
  'acme-client': acmeClient,
} as const satisfies Record<string, LeavingClient>;

export type OtherClient = keyof typeof clients;

export const otherClients = Object.keys(clients) as OtherClient[];

/** What an ACME client that failed or died left behind. */
export interface LeftBehind {
  client: OtherClient;
  /** What it logged with its own means, or printed. dehydrated names no URL in it. */
  logFile: string;
  /** Its own directory, such as `--import-accounts CLIENT:DIR` takes it. */
  configDirectory: string;
  /** Its account's key in its own format. */
  accountKeyFile: string;
  accountUrl: string;
  orderUrl: string;
  /** The authorizations that the CA has as pending and nobody will go on with, in the order of their making. */
  pendingUrls: string[];
}

/** Where a client meets its end. */
export interface Surroundings {
  proxy: AcmeProxy;
  /** The root of the proxy's HTTPS. */
  caFile: string;
  /** Of all clients; each has a directory of its own in it. */
  directory: string;
}

/**
 * Lets a real client register an account, order a certificate for these names, and fail where it should put up the answers, so
 * that all authorizations stay pending. Names must be no other client's.
 * @throws Error saying what to install where the client is missing
 */
export async function leaveBehind(
  client: OtherClient,
  { proxy, caFile, directory }: Surroundings,
  ...names: string[]
): Promise<LeftBehind> {
  const own = path.join(directory, client);
  await mkdir(own, { recursive: true });
  const files = await clients[client]({ directoryUrl: proxy.directoryUrl, caFile, directory: own }, names);
  const [order, ...more] = proxy.census.ordersFor(...names);
  if (order === undefined || more.length > 0)
    throw new Error(`${client} made ${more.length + (order ? 1 : 0)} orders, see ${files.logFile}`);
  const left = order.authorizations.map((url) => proxy.census.authorizations.get(url));
  const accountUrl = left[0]?.account;
  if (accountUrl === undefined || left.some((one) => one?.status !== 'pending' || one.isSubmitted))
    throw new Error(`${client} left not all of its authorizations pending, see ${files.logFile}`);
  return { client, ...files, accountUrl, orderUrl: order.url, pendingUrls: order.authorizations };
}
