import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type LabAccount, existingAccount } from '../support/lab-account.ts';
import type { PebbleLab } from '../support/pebble.ts';

/** An order of the account as the CA has it. URLs are without their host, which the proxy's differs in. */
export interface OrderAtCa {
  path: string;
  status: string;
  authorizations: { path: string; status: string }[];
}

/** Whose orders they are: the account is the first in the ledger. */
interface Client {
  stateDir: string;
  rows<Row>(sql: string): Row[];
}

/** Everything that the CA ever made for the customer's account, from the CA itself; nothing when there is no account yet. */
export async function ordersAtCa(pebble: PebbleLab, customer: Client): Promise<OrderAtCa[]> {
  const account = await accountOf(pebble, customer);
  if (account === null) return [];
  const { orders } = await read<{ orders: string }>(account, account.url);
  const list = await read<{ orders: string[] }>(account, orders);
  const found: OrderAtCa[] = [];
  for (const url of list.orders) {
    const order = await read<{ status: string; authorizations: string[] }>(account, url);
    const authorizations = [];
    for (const one of order.authorizations) {
      authorizations.push({
        path: pathOf(one),
        status: (await read<{ status: string }>(account, one)).status,
      });
    }
    found.push({ path: pathOf(url), status: order.status, authorizations });
  }
  return found;
}

export function pathOf(url: string): string {
  return new URL(url).pathname;
}

async function accountOf(pebble: PebbleLab, customer: Client): Promise<LabAccount | null> {
  const [row] = customer.rows<{ url: string | null; key_file: string }>('select url, key_file from accounts');
  if (row === undefined || row.url === null) return null;
  const keyPem = await readFile(path.join(customer.stateDir, row.key_file), 'utf8');
  return existingAccount(pebble, keyPem, new URL(pathOf(row.url), pebble.directoryUrl).href);
}

async function read<T>(account: LabAccount, url: string): Promise<T> {
  const answer = await account.post(new URL(pathOf(url), account.url).href);
  if (answer.status !== 200) throw new Error(`Pebble on ${url}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body) as T;
}
