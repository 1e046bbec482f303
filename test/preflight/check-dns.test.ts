import type { RequestListener } from 'node:http';
import type { Answer } from 'dns-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Subject } from '../../src/preflight/subject.ts';
import { type SmallInternet, accountUrl, codesOf, identity, smallInternet } from './small-internet.ts';

let net: SmallInternet;
beforeEach(async () => {
  net = await smallInternet();
  net.resolver.add(
    { type: 'NS', name: '', data: 'root.test' },
    { type: 'SOA', name: 'test', data: { mname: 'root.test', rname: 'root.test', serial: 1 } },
  );
});
afterEach(() => net.stop());

const a = (name: string, data = '127.0.0.1'): Answer => ({ type: 'A', name, data });
const caa = (name: string, tag: string, value: string, flags = 0): Answer => ({
  type: 'CAA',
  name,
  // The package's types know three tags.
  data: { flags, issuerCritical: flags === 128, tag: tag as 'issue', value },
});
const notFound: RequestListener = (_request, response) => response.writeHead(404).end();

async function codes(name: string, given: Partial<Subject> = {}): Promise<string[]> {
  return codesOf(await net.check(name, given));
}

describe('CAA records', () => {
  const wild = { isWildcard: true };

  it.each<[string, Answer[], string[], Partial<Subject>]>([
    ['that name another CA', [caa('a.test', 'issue', 'other.example')], ['caa-forbids'], {}],
    ['that name nobody', [caa('a.test', 'issue', ';')], ['caa-forbids'], {}],
    [
      'that name this CA, too',
      [caa('a.test', 'issue', 'other.example'), caa('a.test', 'ISSUE', identity)],
      [],
      {},
    ],
    ['of the domain above', [caa('test', 'issue', 'other.example')], ['caa-forbids'], {}],
    [
      'nearer than those above',
      [caa('test', 'issue', 'other.example'), caa('a.test', 'issue', identity)],
      [],
      {},
    ],
    ['without a word of issuing', [caa('a.test', 'iodef', 'mailto:a@a.test')], [], {}],
    ['that forbid wildcards, for a name', [caa('a.test', 'issuewild', ';')], [], {}],
    [
      'that forbid wildcards, for a wildcard',
      [caa('a.test', 'issuewild', ';'), caa('a.test', 'issue', identity)],
      ['caa-forbids'],
      wild,
    ],
    ['for names, and a wildcard', [caa('a.test', 'issue', identity)], [], wild],
    ['of this account', [caa('a.test', 'issue', `${identity}; accounturi=${accountUrl}`)], [], {}],
    [
      'of another account',
      [caa('a.test', 'issue', `${identity}; accounturi=${accountUrl}0`)],
      ['caa-account'],
      {},
    ],
    [
      'of two accounts',
      [caa('a.test', 'issue', `${identity};accounturi=${accountUrl};accounturi=${accountUrl}`)],
      ['caa-account'],
      {},
    ],
    ['for this challenge', [caa('a.test', 'issue', `${identity}; validationmethods=dns-01,http-01`)], [], {}],
    [
      'for another challenge',
      [caa('a.test', 'issue', `${identity}; validationmethods=dns-01`)],
      ['caa-method'],
      {},
    ],
    ['that can not be read', [caa('a.test', 'issue', `${identity}; %%%`)], ['caa-forbids'], {}],
    ['critical and unknown', [caa('a.test', 'tbs', 'x', 128)], ['caa-critical'], {}],
    ['unknown', [caa('a.test', 'tbs', 'x')], [], {}],
    ['critical and known', [caa('a.test', 'issuemail', ';', 128)], [], {}],
    [
      'where nobody knows what the CA is called',
      [caa('a.test', 'issue', 'x')],
      ['caa-unjudged'],
      { caaIdentities: [] },
    ],
  ])('%s', async (_what, records, expected, given) => {
    net.resolver.add(a('a.test'), ...records);
    await net.web('127.0.0.1', notFound);
    const name = given.isWildcard === true ? '*.a.test' : 'a.test';
    expect(await codes(name, given)).toEqual(expected);
  });

  it('are followed through aliases, and say what to set', async () => {
    net.resolver.add(
      { type: 'CNAME', name: 'www.a.test', data: 'host.b.test' },
      a('host.b.test'),
      caa('host.b.test', 'issue', 'other.example'),
    );
    await net.web('127.0.0.1', notFound);
    const [finding] = await net.check('www.a.test');
    expect(finding).toMatchObject({
      code: 'caa-forbids',
      severity: 'fatal',
      whose: 'customer',
      record: {
        name: 'www.a.test',
        type: 'CAA',
        found: ['0 issue "other.example"'],
        wanted: `0 issue "${identity}"`,
      },
    });
  });

  it('that are answered with SERVFAIL where other questions are not', async () => {
    net.resolver.add(a('a.test'));
    await net.web('127.0.0.1', notFound);
    net.resolver.mood = ({ type }) => (type === 'CAA' ? 'SERVFAIL' : null);
    expect(await codes('a.test')).toEqual(['caa-fails']);
  });
});

describe('DNSSEC', () => {
  it('that is broken is found once, whatever meets it, and not where the resolver can validate nothing', async () => {
    net.resolver.add(a('signed.test'));
    net.resolver.bogus.push('signed.test');
    expect(await codes('signed.test')).toEqual(['dnssec-bogus']);
    expect(await codes('*.signed.test')).toEqual(['dnssec-bogus']);
    net.resolver.bogus.push('test');
    expect(await codes('signed.test')).not.toContain('dnssec-bogus');
  });
});

describe('name servers', () => {
  const soa = (name: string, serial: number): Answer => ({
    type: 'SOA',
    name,
    data: { mname: 'ns.test', rname: 'ns.test', serial },
  });

  /** A zone with two servers, as the resolver sees it. */
  async function twoServers(zone = 'zone.test') {
    net.resolver.add(
      { type: 'NS', name: zone, data: 'ns1.test' },
      { type: 'NS', name: zone, data: 'ns2.test' },
      a('ns1.test', '127.0.0.2'),
      a('ns2.test', '127.0.0.3'),
      a(`www.${zone}`),
    );
    const servers = await Promise.all(['127.0.0.2', '127.0.0.3'].map((host) => net.nameServer(host, zone)));
    for (const server of servers) server.add(soa(zone, 7), a(`www.${zone}`));
    await net.web('127.0.0.1', notFound);
    return servers as [typeof net.resolver, typeof net.resolver];
  }

  it('that agree are well', async () => {
    await twoServers();
    expect(await codes('www.zone.test')).toEqual([]);
  });

  it.each<[string, (first: SmallInternet['resolver'], second: SmallInternet['resolver']) => void, string[]]>([
    ['of which one is dead', (_first, second) => (second.mood = () => 'silent'), ['ns-silent']],
    [
      'of which one has not the zone',
      (_first, second) => second.zones.splice(0, 1, 'other.test'),
      ['ns-lame'],
    ],
    ['that fail', (first, second) => (first.mood = second.mood = () => 'SERVFAIL'), ['ns-none']],
    ['of which one lacks the name', (_first, second) => second.remove('A', 'www.zone.test'), ['ns-disagree']],
    [
      'of which one is behind',
      (_first, second) => {
        second.remove('SOA', 'zone.test');
        second.add(soa('zone.test', 6));
      },
      ['ns-serials'],
    ],
  ])(
    '%s',
    async (_what, change, expected) => {
      change(...(await twoServers()));
      expect(await codes('www.zone.test')).toEqual(expected);
    },
    20_000,
  );

  it('that the registry delegates to are others', async () => {
    await twoServers('zone.reg.test');
    net.resolver.add({ type: 'NS', name: 'reg.test', data: 'ns.reg.test' }, a('ns.reg.test', '127.0.0.4'));
    const registry = await net.nameServer('127.0.0.4', 'reg.test');
    registry.delegate('zone.reg.test', 'ns1.test', 'ns3.test');
    const [finding] = await net.check('www.zone.reg.test');
    expect(finding).toMatchObject({
      code: 'delegation-differs',
      record: { found: ['ns1.test', 'ns3.test'] },
    });
  });
});

describe('the record of dns-01', () => {
  const dns01 = { challenge: 'dns-01' } as const;
  const txt = (name: string, data: string): Answer => ({ type: 'TXT', name, data });

  it('that was left over is told, unless it is ours', async () => {
    net.resolver.add(txt('_acme-challenge.a.test', 'old'), txt('_acme-challenge.a.test', 'ours'));
    const [finding] = await net.check('a.test', dns01, { ownValues: new Set(['ours']) });
    expect(finding).toMatchObject({ code: 'record-left-over', record: { found: ['old'] } });
  });

  it('is at an alias, or one that leads nowhere', async () => {
    const alias = (name: string, data: string): Answer => ({
      type: 'CNAME',
      name: `_acme-challenge.${name}`,
      data,
    });
    net.resolver.add(
      alias('a.test', 'a.zone.answers.test'),
      { type: 'NS', name: 'answers.test', data: 'ns.test' },
      alias('b.test', '_acme-challenge.b.test'),
      alias('c.test', 'c.dead.test'),
      { type: 'NS', name: 'test', data: 'ns.test' },
    );
    net.resolver.mood = ({ name }) => (name.endsWith('dead.test') ? 'SERVFAIL' : null);
    expect(await codes('a.test', dns01)).toEqual(['record-alias']);
    expect(await codes('b.test', dns01)).toEqual(['record-alias-broken']);
    expect(await codes('c.test', dns01)).toEqual(['record-alias-broken']);
  });

  it('was written with the domain twice', async () => {
    net.resolver.add(
      { type: 'NS', name: 'a.test', data: 'ns.test' },
      txt('_acme-challenge.www.a.test.a.test', 'x'),
      txt('www.a.test', 'x'),
    );
    expect(await codes('www.a.test', dns01)).toContain('record-doubled');
  });
});
