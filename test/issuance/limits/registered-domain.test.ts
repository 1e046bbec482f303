import { expect, it } from 'vitest';
import { parseNames } from '../../../src/identifiers.ts';
import { registeredDomains } from '../../../src/issuance/limits/registered-domain.ts';

it.each([
  ['www.shop.example.com', 'example.com'],
  ['*.example.co.uk', 'example.co.uk'],
  ['a.b.customer.github.io', 'customer.github.io'],
  ['github.io', 'github.io'],
  ['a.shop.test', 'shop.test'],
  ['bücher.example.de', 'example.de'],
  ['192.0.2.7', '192.0.2.7/32'],
  ['2001:db8:1:2:3::7', '2001:db8:1:2::/64'],
  ['2001:db8::7', '2001:db8::/64'],
  ['::1', '::/64'],
])('%s counts for %s', async (name, domain) => {
  expect(await registeredDomains(parseNames([name]))).toEqual([domain]);
});
