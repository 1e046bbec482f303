import { afterEach, beforeEach, expect, it } from 'vitest';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import { isReserved } from '../../src/preflight/dns/address-ranges.ts';
import { checkAddresses } from '../../src/preflight/dns/addresses.ts';
import { type SmallInternet, smallInternet, subjectFor } from './small-internet.ts';

let net: SmallInternet;
beforeEach(async () => {
  net = await smallInternet();
});
afterEach(() => net.stop());

it.each([
  ['10.0.0.1', true],
  ['100.64.0.1', true],
  ['127.0.0.1', true],
  ['169.254.1.1', true],
  ['172.31.255.255', true],
  ['172.32.0.1', false],
  ['192.0.2.1', true],
  ['192.168.0.1', true],
  ['203.0.113.9', true],
  ['255.255.255.255', true],
  ['8.8.8.8', false],
  ['::1', true],
  ['::ffff:10.0.0.1', true],
  ['fe80::1', true],
  ['fd00::1', true],
  ['2001:db8::1', true],
  ['2001:4860:4860::8888', false],
  ['64:ff9b::808:808', false],
])('%s is reserved: %s', (address, expected) => {
  expect(isReserved(address)).toBe(expected);
});

it('an address that is private is left out, as the CA does, and told', async () => {
  net.resolver.add(
    { type: 'A', name: 'in.example.com', data: '10.1.2.3' },
    { type: 'AAAA', name: 'in.example.com', data: '2001:4860:4860::8888' },
  );
  const subject = subjectFor('in.example.com', { authority: authorityOf('letsencrypt') });
  const { findings, addresses } = await checkAddresses(subject, net.parts());
  expect(findings).toMatchObject([{ code: 'address-partly-private', record: { found: ['10.1.2.3'] } }]);
  expect(addresses).toEqual({ ipv4: [], ipv6: ['2001:4860:4860::8888'] });
  // A CA of one's own sees what its owner lets it see.
  const own = await checkAddresses(subjectFor('in.example.com'), net.parts());
  expect(own.findings).toEqual([]);
});
