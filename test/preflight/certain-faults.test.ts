import type { Answer } from 'dns-packet';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import { certainFault } from '../../src/preflight/before-order/certain-faults.ts';
import type { Subject } from '../../src/preflight/subject.ts';
import type { NameServer } from '../support/name-server.ts';
import { type SmallInternet, smallInternet, subjectFor } from './small-internet.ts';

let net: SmallInternet;
/** The servers of com, and of example.com as com tells of them. */
let registry: NameServer;
let zone: NameServer;
beforeEach(async () => {
  net = await smallInternet();
  registry = await net.nameServer('127.0.0.4', 'com');
  zone = await net.nameServer('127.0.0.2', 'example.com');
  registry.delegate('example.com', 'ns.example.net');
  net.resolver.add(
    { type: 'NS', name: 'com', data: 'registry.example.net' },
    a('registry.example.net', '127.0.0.4'),
    a('ns.example.net', '127.0.0.2'),
    { type: 'TXT', name: 'www.example.com', data: 'is there' },
  );
});
afterEach(() => net.stop());

const a = (name: string, data: string): Answer => ({ type: 'A', name, data });
const caa = (name: string, value: string): Answer => ({
  type: 'CAA',
  name,
  data: { flags: 0, tag: 'issue', value },
});
const letsencrypt = { authority: authorityOf('letsencrypt'), caaIdentities: ['letsencrypt.org'] };

async function fault(isTrusted: boolean, given: Partial<Subject> = {}): Promise<string | null> {
  const subject = subjectFor('www.example.com', { ...letsencrypt, ...given });
  return (await certainFault(subject, net.parts(), { isTrusted }))?.code ?? null;
}

it("is a name without an address, where the registry's servers say so, too", async () => {
  expect(await fault(false)).toBe('address-missing');
  // The resolver has a zone of its own: the outside sees an address.
  zone.add(a('www.example.com', '198.51.100.7'));
  expect(await fault(false)).toBe(null);
  expect(await fault(true)).toBe('address-missing');
  expect(await fault(false, { challenge: 'dns-01' })).toBe(null);
  expect(await fault(true, { challenge: 'dns-persist-01' })).toBe(null);
  expect(await fault(true, { settings: { solver: 'none', challenge: 'http-01' } })).toBe(null);
});

it('is none where the outside can not be asked, or is silent', async () => {
  zone.mood = () => 'silent';
  expect(await fault(false)).toBe(null);
  zone.mood = () => 'SERVFAIL';
  expect(await fault(false)).toBe(null);
  registry.mood = () => 'REFUSED';
  expect(await fault(false)).toBe(null);
});

it('is a CAA record that the outside sees, and none of the inside alone', async () => {
  net.resolver.add(a('www.example.com', '198.51.100.7'), caa('example.com', 'other.example'));
  zone.add(a('www.example.com', '198.51.100.7'));
  expect(await fault(false)).toBe(null);
  zone.add(caa('example.com', 'other.example'));
  expect(await fault(false)).toBe('caa-forbids');
  expect(await fault(true)).toBe('caa-forbids');
});

it('is no CAA record that a cache has kept, nor one above records that allow', async () => {
  net.resolver.add(a('www.example.com', '198.51.100.7'), caa('example.com', 'other.example'));
  zone.add(a('www.example.com', '198.51.100.7'), caa('example.com', 'letsencrypt.org'));
  expect(await fault(false)).toBe(null);
  zone.remove('CAA', 'example.com');
  zone.add(caa('example.com', 'another.example'), caa('www.example.com', 'letsencrypt.org'));
  expect(await fault(false)).toBe(null);
  zone.remove('CAA', 'www.example.com');
  expect(await fault(false)).toBe('caa-forbids');
});

it('is no address where the account has a valid authorization, and CAA all the same', async () => {
  expect(await fault(true, { isAuthorized: true })).toBe(null);
  net.resolver.bogus.push('www.example.com');
  expect(await fault(true, { isAuthorized: true })).toBe(null);
  net.resolver.bogus.splice(0);
  net.resolver.add(caa('example.com', 'letsencrypt.org; validationmethods=dns-01'));
  expect(await fault(true, { isAuthorized: true })).toBe(null);
  net.resolver.add(a('www.example.com', '198.51.100.7'));
  expect(await fault(true)).toBe('caa-method');
  net.resolver.remove('CAA', 'example.com');
  net.resolver.add(caa('example.com', 'other.example'));
  expect(await fault(true, { isAuthorized: true })).toBe('caa-forbids');
});

it('is another account only at a CA that heeds that', async () => {
  const other = caa('example.com', 'letsencrypt.org; accounturi=https://acme.test/acct/2');
  net.resolver.add(a('www.example.com', '198.51.100.7'), other);
  expect(await fault(true)).toBe('caa-account');
  expect(await fault(true, { authority: authorityOf('https://ca.example/directory') })).toBe(null);
  expect(await fault(true, { accountUrl: null })).toBe(null);
});

it('is broken DNSSEC by a resolver that was given, and never by silence, a failure, or a private address', async () => {
  net.resolver.bogus.push('www.example.com');
  expect(await fault(true)).toBe('dnssec-bogus');
  expect(await fault(false)).toBe(null);
  net.resolver.bogus.splice(0);
  for (const mood of ['silent', 'SERVFAIL', 'REFUSED'] as const) {
    net.resolver.mood = () => mood;
    expect(await fault(true)).toBe(null);
  }
  net.resolver.mood = () => null;
  net.resolver.add(a('www.example.com', '10.0.0.1'));
  expect(await fault(true)).toBe(null);
});
