import { afterEach, beforeEach, expect, test } from 'vitest';
import { shownValues } from '../../../src/challenges/persist/shown-values.ts';
import { waitUntilRecordIsVisible } from '../../../src/challenges/visibility/dns-visibility.ts';
import { takeRecordSeen } from '../../../src/challenges/visibility/records-seen.ts';
import { NameServer } from '../../support/name-server.ts';
import { instantClock, never } from '../answers.ts';

const name = '_acme-challenge.www.example.com';
const record = { name: `${name}.`, value: 'the-value' };

let resolver: NameServer;
/** The server of `com`, which delegates. */
let registry: NameServer;
let first: NameServer;
let second: NameServer;
beforeEach(async () => {
  resolver = await NameServer.start();
  first = await NameServer.start('127.0.0.2');
  second = await NameServer.start('127.0.0.3', first.port);
  registry = await NameServer.start('127.0.0.4', first.port);
  for (const server of [resolver, registry])
    server.add({ type: 'NS', name: 'com', data: 'registry.example.net' });
  resolver.add({ type: 'NS', name: 'example.com', data: 'ns1.example.net' });
  resolver.add({ type: 'A', name: 'registry.example.net', data: '127.0.0.4' });
  resolver.add({ type: 'A', name: 'ns1.example.net', data: '127.0.0.2' });
  resolver.add({ type: 'A', name: 'ns2.example.net', data: '127.0.0.3' });
  resolver.add({ type: 'A', name: 'dead.example.net', data: '127.0.0.9' });
  showValue(first);
});
afterEach(async () => {
  await Promise.all([resolver, registry, first, second].map((server) => server.stop()));
});

function showValue(server: NameServer): void {
  server.add({ type: 'TXT', name, ttl: 0, data: record.value });
}

/** The servers that the zone above delegates to, and those that the zone itself names. */
function delegate(above: readonly string[], own: readonly string[]): void {
  registry.delegate('example.com', ...above.map((one) => `${one}.example.net`));
  first.add(...own.map((one) => ({ type: 'NS' as const, name: 'example.com', data: `${one}.example.net` })));
}

const view = () => ({ recursive: [resolver.address], authorityPort: first.port });

/** @returns what was told */
async function look(): Promise<string[]> {
  const told: string[] = [];
  const settings = { propagationTimeoutSeconds: 1, resolver: null, dnsRounds: 1, dnsQuorum: 'all' } as const;
  const tell = (message: string): number => told.push(message);
  await waitUntilRecordIsVisible(
    record,
    settings,
    { clock: instantClock(), nameServers: view(), tell },
    never,
  );
  return told;
}

test.each([
  ['the zone above', ['ns1', 'dead'], ['ns1']],
  ['the zone itself', ['ns1'], ['ns1', 'dead']],
])('a dead server that only %s names is told, and left out', async (who, above, own) => {
  delegate(above, own);
  expect(await look()).toEqual([
    `dead.example.net (127.0.0.9:${String(first.port)}) doesn't answer: nothing listens there; only ${who} names it`,
  ]);
});

test('a lame server that only the zone above names is told, and left out', async () => {
  delegate(['ns1', 'ns2'], ['ns1']);
  second.mood = () => 'REFUSED';
  expect(await look()).toEqual([expect.stringMatching(/^ns2\.example\.net .* it answers REFUSED; only/)]);
});

test('a server that only the zone above names, and whose addresses nobody tells, is left out', async () => {
  delegate(['ns1', 'ns2'], ['ns1']);
  resolver.mood = (asked) => (asked.name === 'ns2.example.net' ? 'SERVFAIL' : null);
  await look();
});

test.each([
  ['the zone above', ['ns1', 'ns2'], ['ns1']],
  ['the zone itself', ['ns1'], ['ns1', 'ns2']],
])('a server that answers without the value is waited for, also where only %s names it', async (...row) => {
  const [, above, own] = row;
  delegate(above, own);
  await expect(look()).rejects.toThrow(/ns2\.example\.net \S+ shows no TXT record$/);
});

test('a dead server that both name holds the order up', async () => {
  delegate(['ns1', 'dead'], ['ns1', 'dead']);
  await expect(look()).rejects.toThrow(/dead\.example\.net \S+ doesn't answer: nothing listens there$/);
});

test('a dead server that the delegation names holds the order up where no server tells the zone’s own', async () => {
  delegate(['ns1', 'dead'], []);
  await expect(look()).rejects.toThrow(/dead\.example\.net/);
});

test('a silent server is named as long as no other one shows the value', async () => {
  delegate(['ns1', 'dead'], ['ns1']);
  first.remove('TXT', name);
  await expect(look()).rejects.toThrow(/dead\.example\.net .*; ns1\.example\.net .* shows no TXT record$/);
});

test('a record that stands is seen though a server that only the zone above names is dead', async () => {
  const parts = { resolver: null, view: view(), clock: instantClock() };
  delegate(['ns1', 'dead'], ['ns1']);
  expect(await shownValues(name, parts, never)).toEqual([
    { server: 'ns1.example.net', values: ['the-value'] },
  ]);
});

test('servers that the zone above names are delegated to', async () => {
  delegate(['ns1'], ['ns1']);
  await look();
  expect(takeRecordSeen(record.name, record.value)?.isDelegated).toBe(true);
});

test('where the zone above does not know the zone, the servers are the resolver’s word', async () => {
  await look();
  expect(takeRecordSeen(record.name, record.value)?.isDelegated).toBe(false);
});
