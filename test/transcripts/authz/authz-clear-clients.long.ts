import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { privateKeyFrom } from '../../../src/clients/account-key-formats.ts';
import { type LeftBehind, leaveBehind, otherClients } from '../../support/other-clients/left-behind.ts';
import { type LeakLab, type Customer, expectExit, jsonLines, startLeakLab } from '../leak/leak-lab.ts';
import { type Line, parted } from './clear-stage.ts';

let lab: LeakLab;
let customer: Customer;
let left: LeftBehind[];

beforeAll(async () => {
  // Not every client tries again after a nonce that was rejected.
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
  customer = await lab.newCustomer();
  const surroundings = {
    proxy: customer.proxy,
    caFile: lab.pebble.caFile,
    directory: path.dirname(customer.stateDir),
  };
  left = await Promise.all(
    otherClients.map((client) =>
      leaveBehind(client, surroundings, `one.${client}.test`, `two.${client}.test`),
    ),
  );
});

afterAll(() => lab.stop());

/** The states of all that a client left, by Pebble's own answers. */
async function statesOf({ accountKeyFile, accountUrl, pendingUrls }: LeftBehind): Promise<string[]> {
  const keyPem = privateKeyFrom(await readFile(accountKeyFile, 'utf8'), accountKeyFile);
  const seen = pendingUrls.map((url) => lab.pebble.askAuthorization(url, keyPem, accountUrl));
  return (await Promise.all(seen)).map(({ status }) => status);
}

function leftBy(client: string): LeftBehind {
  return left.find((one) => one.client === client)!;
}

function keysOf(...clients: string[]): string[] {
  return clients.flatMap((client) => ['--import-accounts', `${client}:${leftBy(client).configDirectory}`]);
}

describe('what real clients left pending', { timeout: 180_000 }, () => {
  it("is closed by their logs and their own keys: five logs, four accounts, one run, and dehydrated's stays", async () => {
    const logs = left.map(({ logFile }) => logFile);
    const keys = [
      ...keysOf('certbot', 'lego', 'uacme'),
      '--account-key',
      leftBy('acme-client').accountKeyFile,
    ];
    // All of it: what is younger than an hour may be what its client is at.
    const run = await customer.run(['authz', 'clear', '--all', '--json', ...keys, '--from-log', ...logs]);
    expectExit(run, 0);
    const { lines, end } = parted(jsonLines(run));
    const closed = lines.map(({ identifier, action, client }: Line) => [identifier, action, client]);
    const expected = ['certbot', 'lego', 'uacme', 'acme-client'].flatMap((client) =>
      ['one', 'two'].map((name) => [`${name}.${client}.test`, 'deactivated', client]),
    );
    expect(closed.sort()).toEqual(expected.sort());
    expect(end.summary).toMatchObject({ seen: 8, deactivated: 8, pending: 0, failed: 0, foreign: 0 });
    for (const each of left) {
      const status = each.client === 'dehydrated' ? 'pending' : 'deactivated';
      expect([each.client, await statesOf(each)]).toEqual([each.client, [status, status]]);
    }
  });

  it('is found without any log where the CA lists the orders, and closed then', async () => {
    const found = await customer.run(['authz', 'discover', '--json', ...keysOf('dehydrated')]);
    expectExit(found, 0);
    expect(parted(jsonLines(found)).end.summary).toEqual({ orders: 1, pending: 2, failed: 0, unlisted: 0 });
    const clear = await customer.run(['authz', 'clear', '--all', ...keysOf('dehydrated')]);
    expectExit(clear, 0);
    expect(await statesOf(leftBy('dehydrated'))).toEqual(['deactivated', 'deactivated']);
    // By the proxy's own count nothing is open on any account.
    expect(customer.proxy.census.open()).toEqual([]);
  });
});
