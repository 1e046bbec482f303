import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { expect } from 'vitest';
import { type LabAccount, registerAccount } from '../../support/lab-account.ts';
import type { Customer, LeakLab } from '../leak/leak-lab.ts';

export interface Line {
  url: string;
  identifier: string | null;
  action: string;
  before: string | null;
  after: string | null;
  reason: string | null;
  client: string | null;
  account: string | null;
}

export interface End {
  summary: Record<string, number>;
  gates: { account: string; pendingBefore: number; pendingAfter: number; free: number }[];
  costs?: { requests: number; failedValidations: number }[];
  elsewhere: number;
  later: { count: number };
}

/** A customer, and an account that another client has at the same CA. */
export async function twoClients(
  lab: LeakLab,
): Promise<{ customer: Customer; other: LabAccount; keyFile: string }> {
  const customer = await lab.newCustomer();
  const server = { directoryUrl: customer.proxy.directoryUrl, caPem: lab.pebble.caPem };
  const other = await registerAccount(server);
  const keyFile = await given(customer, 'account.key', other.keyPem);
  return { customer, other, keyFile };
}

export async function given(customer: Customer, name: string, content: string): Promise<string> {
  const file = path.join(path.dirname(customer.stateDir), name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

/** As certbot logs what it sends. */
export function certbotLog(urls: readonly string[]): string {
  return urls
    .map(
      (url) =>
        `2026-01-02 03:04:05,678:DEBUG:acme.client:Sending POST request to ${url}:\n{"protected":"e30"}\n`,
    )
    .join('');
}

export function parted(lines: object[]): { lines: Line[]; end: End } {
  return { lines: lines.slice(0, -1) as Line[], end: lines.at(-1) as End };
}

/** The states by Pebble's own answers. */
export async function statesOf(lab: LeakLab, other: LabAccount, urls: readonly string[]): Promise<string[]> {
  const states: string[] = [];
  for (const url of urls)
    states.push((await lab.pebble.askAuthorization(url, other.keyPem, other.url)).status);
  return states;
}

/** What was answered: Pebble rejects some nonces. */
export function askedOf(customer: Customer): Record<string, number> {
  const { authz, authzPoll, deactivate, order, challenge, challengePoll } = customer.taken();
  return { shown: authz + authzPoll, deactivate, order, challenge, challengePoll };
}

/** A server that counts who comes: none may. */
export async function bait(): Promise<{ port: number; visits: () => number; close: () => void }> {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, visits: () => visits, close: () => server.close() };
}

/** What is said of an order that isn't ours: CAs answer 403 or 404. */
export function action(url: string, lines: readonly Line[]): string {
  const found = lines.find((line) => line.url === url)?.action ?? '';
  expect(['gone', 'foreign']).toContain(found);
  return found;
}
