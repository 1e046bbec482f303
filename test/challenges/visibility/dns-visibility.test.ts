import { afterEach, beforeEach, expect, test } from 'vitest';
import { waitUntilRecordIsVisible } from '../../../src/challenges/visibility/dns-visibility.ts';
import type { VisibilitySettings } from '../../../src/challenges/visibility/settings.ts';
import { systemClock, type Clock } from '../../../src/clock.ts';
import { instantClock, never } from '../answers.ts';
import { DnsServer } from '../dns-server.ts';

const record = { name: '_acme-challenge.www.example.com.', value: 'the-value' };
const name = '_acme-challenge.www.example.com';

/** The recursive server's view of the world: two servers of one zone. */
let recursive: DnsServer;
let first: DnsServer;
let second: DnsServer;
beforeEach(async () => {
  recursive = await DnsServer.start();
  first = await DnsServer.start('127.0.0.2');
  second = await DnsServer.start('127.0.0.3', first.port);
  recursive.add('NS', 'example.com', 'ns1.example.net', 'ns2.example.net');
  recursive.add('A', 'ns1.example.net', '127.0.0.2');
  recursive.add('A', 'ns2.example.net', '127.0.0.3');
});
afterEach(async () => {
  await Promise.all([recursive, first, second].map((server) => server.stop()));
});

/** One look that finds it is enough, at all servers. */
const usual = { dnsRounds: 1, dnsQuorum: 'all' } as const;

async function look(
  clock: Clock,
  seconds = 1,
  resolver: string | null = null,
  signal = never,
  agreed: Pick<VisibilitySettings, 'dnsRounds' | 'dnsQuorum'> = usual,
): Promise<void> {
  const nameServers = { recursive: [recursive.address], authorityPort: first.port };
  const limits = { propagationTimeoutSeconds: seconds, resolver, ...agreed };
  await waitUntilRecordIsVisible(record, limits, { clock, nameServers }, signal);
}

test('it is visible when every server of the zone shows it', async () => {
  first.add('TXT', name, 'the-value');
  second.add('TXT', name, 'the-value');
  await look(instantClock());
  expect(first.questions).toEqual([`TXT ${name}`]);
  expect(second.questions).toEqual([`TXT ${name}`]);
  expect(recursive.questions).not.toContain(`TXT ${name}`);
});

test('every server is asked as many times in a row as rounds are wanted', async () => {
  first.add('TXT', name, 'the-value');
  second.add('TXT', name, 'the-value');
  await look(instantClock(), 1, null, never, { dnsRounds: 3, dnsQuorum: 'all' });
  for (const { questions } of [first, second])
    expect(questions.filter((each) => each === `TXT ${name}`)).toHaveLength(3);
});

test('a server that does not answer is borne by the quorum, one that lacks the record never', async () => {
  recursive.records.length = 0;
  recursive.add('NS', 'example.com', 'ns1.example.net', 'ns2.example.net', 'ns3.example.net');
  recursive.add('A', 'ns1.example.net', '127.0.0.2');
  recursive.add('A', 'ns2.example.net', '127.0.0.3');
  recursive.add('A', 'ns3.example.net', '127.0.0.9');
  for (const server of [first, second]) server.add('TXT', name, 'the-value');
  await expect(look(instantClock())).rejects.toThrow('ns3.example.net');
  for (const dnsQuorum of ['most', 2] as const)
    await look(instantClock(), 1, null, never, { dnsRounds: 1, dnsQuorum });
  second.records.length = 0;
  await expect(look(instantClock(), 1, null, never, { dnsRounds: 1, dnsQuorum: 1 })).rejects.toThrow(
    'ns2.example.net',
  );
});

test('it is replaced when another of ours is everywhere, also where a server that lags showed it before', async () => {
  const other = 'another-of-ours';
  first.add('TXT', name, other);
  second.add('TXT', name, record.value);
  const clock = instantClock();
  // Behind the first look the transfer comes to the second server, too.
  const transferring: Clock = {
    ...clock,
    sleep(ms, signal) {
      second.records.length = 0;
      second.add('TXT', name, other);
      return clock.sleep(ms, signal);
    },
  };
  const limits = { propagationTimeoutSeconds: 60, resolver: null, ...usual };
  const nameServers = { recursive: [recursive.address], authorityPort: first.port };
  const waiting = waitUntilRecordIsVisible(
    { ...record, besides: [other] },
    limits,
    { clock: transferring, nameServers },
    never,
  );
  await expect(waiting).rejects.toThrow('was replaced by that of another answer of the same order');
});

test('it is found among the values of others', async () => {
  first.add('TXT', name, 'of the wildcard', 'the-value');
  second.add('TXT', name, 'the-value', 'of the wildcard');
  await look(instantClock());
});

test('it waits for the last server, and asks those that showed it no more', async () => {
  first.add('TXT', name, 'the-value');
  const sleeps: number[] = [];
  const clock = instantClock();
  await look(
    {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      async sleep(ms, signal) {
        sleeps.push(ms);
        if (sleeps.length === 6) second.add('TXT', name, 'the-value');
        await clock.sleep(ms, signal);
      },
    },
    60,
  );
  expect(sleeps).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
  const recordLooks = ({ questions }: DnsServer) => questions.filter((each) => each === `TXT ${name}`);
  expect(recordLooks(first)).toHaveLength(1);
  expect(recordLooks(second)).toHaveLength(7);
});

test('the time-out names the server that does not show it, and what it shows', async () => {
  first.add('TXT', name, 'the-value');
  second.add('TXT', name, 'an old\u001b[31m value');
  await expect(look(instantClock())).rejects.toMatchObject({
    code: 'solver',
    message: `${record.name} didn't show its TXT value within 1 s: ns2.example.net (127.0.0.3:${String(
      second.port,
    )}) shows only an old\\x1b[31m value`,
    hint: expect.stringContaining('--propagation-timeout') as string,
  });
});

test('a server without the record, one that refuses and a silent one are told apart', async () => {
  first.rcode = 5;
  const refusing = look(instantClock());
  await expect(refusing).rejects.toThrow(/ns1\.example\.net \(127\.0\.0\.2:\d+\) doesn't answer: .*REFUSED/);
  await expect(refusing).rejects.toThrow(/ns2\.example\.net \(127\.0\.0\.3:\d+\) shows no TXT record$/);
  first.silent = true;
  await expect(look(instantClock(), 0)).rejects.toThrow(
    /ns1\.example\.net \(\S+\) doesn't answer: no answer in 2 s/,
  );
}, 15_000);

test('aliases are followed to the zone that holds the record', async () => {
  for (const server of [first, second]) server.add('CNAME', name, 'www.challenges.example.org');
  first.add('CNAME', 'www.challenges.example.org', 'deep.challenges.example.org');
  recursive.add('NS', 'challenges.example.org', 'ns1.example.net');
  first.add('TXT', 'deep.challenges.example.org', 'the-value');
  await look(instantClock());
  expect(second.questions).toEqual([`TXT ${name}`]);
});

test('a wildcard’s alias that the record takes the place of is forgotten, though a resolver remembers it', async () => {
  const clock = instantClock();
  recursive.add('CNAME', name, 'parked.example.org');
  recursive.add('NS', 'example.org', 'ns1.example.net');
  for (const server of [first, second]) server.add('CNAME', name, 'parked.example.org');
  let looks = 0;
  await look(
    {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      async sleep(ms, signal) {
        looks += 1;
        if (looks === 2)
          for (const server of [first, second]) {
            server.records.length = 0;
            server.add('TXT', name, 'the-value');
          }
        await clock.sleep(ms, signal);
      },
    },
    60,
  );
  expect(looks).toBe(2);
});

test('an alias of another zone’s top has the servers of its own zone', async () => {
  recursive.add('CNAME', name, 'other.example.org');
  recursive.add('NS', name, 'ns1.other.example.org');
  recursive.add('A', 'ns1.other.example.org', '127.0.0.9');
  for (const server of [first, second]) server.add('TXT', name, 'the-value');
  await look(instantClock());
});

test('aliases in a circle end', async () => {
  first.add('CNAME', name, 'loop.example.com');
  first.add('CNAME', 'loop.example.com', name);
  await expect(look(instantClock())).rejects.toThrow('alias');
});

test('a silent address of a server that shows the value at another is told, and holds nothing up', async () => {
  recursive.add('A', 'ns1.example.net', '127.0.0.9');
  first.add('TXT', name, 'the-value');
  second.add('TXT', name, 'the-value');
  const told: string[] = [];
  const nameServers = { recursive: [recursive.address], authorityPort: first.port };
  const settings = { propagationTimeoutSeconds: 1, resolver: null, ...usual };
  const tell = (message: string): number => told.push(message);
  await waitUntilRecordIsVisible(record, settings, { clock: instantClock(), nameServers, tell }, never);
  expect(told).toEqual([
    `ns1.example.net (127.0.0.9:${String(first.port)}) doesn't answer: nothing listens there`,
  ]);
});

test('a silent address is named while the server lacks the value at another', async () => {
  recursive.add('A', 'ns1.example.net', '127.0.0.9');
  second.add('TXT', name, 'the-value');
  await expect(look(instantClock())).rejects.toThrow(
    /ns1\.example\.net \(127\.0\.0\.2:\d+\) shows no TXT record; ns1\.example\.net \(127\.0\.0\.9:\d+\) doesn't answer/,
  );
});

test('a server is waited for until every address of it that answers shows the value', async () => {
  recursive.records.length = 0;
  recursive.add('NS', 'example.com', 'ns1.example.net');
  recursive.add('A', 'ns1.example.net', '127.0.0.2', '127.0.0.3');
  first.add('TXT', name, 'the-value');
  await expect(look(instantClock())).rejects.toThrow(
    /ns1\.example\.net \(127\.0\.0\.3:\d+\) shows no TXT record$/,
  );
});

test('a record that lies in no zone fails at once', async () => {
  recursive.records.length = 0;
  const clock = instantClock();
  const sleep = (): Promise<void> => Promise.reject(new Error('it was waited for'));
  await expect(look({ now: () => clock.now(), wallNow: () => clock.wallNow(), sleep })).rejects.toMatchObject(
    { code: 'solver', message: expect.stringContaining('no zone above') as string },
  );
});

test('the zone is looked for again when the first look failed', async () => {
  recursive.rcode = 2;
  first.add('TXT', name, 'the-value');
  second.add('TXT', name, 'the-value');
  const clock = instantClock();
  await look({
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    async sleep(ms) {
      recursive.rcode = 0;
      await clock.sleep(ms);
    },
  });
});

test('with a resolver given only that one is asked', async () => {
  second.add('CNAME', name, 'there.example.org');
  second.add('TXT', 'there.example.org', 'the-value');
  await look(instantClock(), 1, second.address);
  expect(first.questions).toEqual([]);
  expect(recursive.questions).toEqual([]);
});

test('an abort ends the wait at once, also while a server is silent', async () => {
  first.silent = true;
  const controller = new AbortController();
  const reason = new Error('stop now');
  const startedAt = performance.now();
  const looking = look(systemClock, 60, null, controller.signal);
  setTimeout(() => {
    controller.abort(reason);
  }, 200);
  await expect(looking).rejects.toBe(reason);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
