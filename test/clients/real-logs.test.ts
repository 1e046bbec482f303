import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privateKeyFrom } from '../../src/clients/account-key-formats.ts';
import { type FoundUrl, urlsInLogs } from '../../src/clients/logs/urls-in-logs.ts';
import {
  type LeftBehind,
  type OtherClient,
  leaveBehind,
  otherClients,
} from '../support/other-clients/left-behind.ts';
import { type PebbleLab, startPebble } from '../support/pebble.ts';
import { type AcmeProxy, startProxy } from '../support/proxy.ts';
import { type Workspace, newWorkspace } from '../support/workspace.ts';

let pebble: PebbleLab;
let proxy: AcmeProxy;
let here: Workspace;
/** Whole seconds are all that lego writes. */
let begunAt: number;
/** All at once; each test waits for its own, and fails by its own. */
const leavings = new Map<OtherClient, Promise<LeftBehind>>();

beforeAll(async () => {
  // Not every client tries again after a nonce that was rejected.
  pebble = await startPebble({ env: { PEBBLE_WFE_NONCEREJECT: '0' } });
  proxy = await startProxy({ directoryUrl: pebble.directoryUrl });
  here = await newWorkspace();
  const surroundings = { proxy, caFile: pebble.caFile, directory: here.directory };
  begunAt = Date.now() - 1_000;
  for (const client of otherClients) {
    leavings.set(client, leaveBehind(client, surroundings, `one.${client}.test`, `two.${client}.test`));
  }
  await Promise.allSettled(leavings.values());
});

afterAll(async () => {
  await proxy.stop();
  await pebble.stop();
  await here.remove();
});

describe('the log of a client that failed', () => {
  it.each(['certbot', 'lego', 'acme-client'] as const)(
    'names all that %s left pending, and nothing else',
    async (client) => {
      const left = await leftBy(client);
      const found = await foundIn(left.logFile);
      expect(urls(found, 'authorization')).toEqual([...left.pendingUrls].sort());
      expect(new Set(found.map((one) => one.client))).toEqual(new Set([client]));
      // Only what a client printed of an order's own URL: lego and acme-client say nothing of it.
      expect(urls(found, 'order')).toEqual(client === 'certbot' ? [left.orderUrl] : []);
      for (const { loggedAt } of found) {
        if (client === 'acme-client') expect(loggedAt).toBeNull();
        else expect(Date.parse(loggedAt ?? '')).toBeGreaterThan(begunAt);
      }
    },
  );

  it('names the order and the first authorization of uacme, which stops there', async () => {
    const left = await leftBy('uacme');
    const found = await foundIn(left.logFile);
    expect(urls(found, 'order')).toEqual([left.orderUrl]);
    expect(left.pendingUrls).toEqual(expect.arrayContaining(urls(found, 'authorization')));
    expect(urls(found, 'authorization')).toHaveLength(1);
  });

  it('names nothing of dehydrated, whose account the rest has to be asked of', async () => {
    expect(await foundIn((await leftBy('dehydrated')).logFile)).toEqual([]);
  });

  it.each(otherClients)(
    'is of authorizations that Pebble itself has as pending, for the account of the key that %s keeps',
    async (client) => {
      const { accountKeyFile, accountUrl, pendingUrls } = await leftBy(client);
      const keyPem = privateKeyFrom(await readFile(accountKeyFile, 'utf8'), accountKeyFile);
      const seen = await Promise.all(
        pendingUrls.map((url) => pebble.askAuthorization(url, keyPem, accountUrl)),
      );
      expect(seen.map(({ status }) => status)).toEqual(['pending', 'pending']);
      const names = seen.map(({ identifier }) => identifier.value);
      expect(names.sort()).toEqual([`one.${client}.test`, `two.${client}.test`]);
    },
  );
});

function leftBy(client: OtherClient): Promise<LeftBehind> {
  return leavings.get(client)!;
}

async function foundIn(file: string): Promise<FoundUrl[]> {
  const all: FoundUrl[] = [];
  for await (const one of urlsInLogs([file], { signal: new AbortController().signal })) all.push(one);
  return all;
}

function urls(found: readonly FoundUrl[], resource: FoundUrl['resource']): string[] {
  return found
    .filter((one) => one.resource === resource)
    .map(({ url }) => url)
    .sort();
}
