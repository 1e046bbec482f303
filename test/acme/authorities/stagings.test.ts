import { expect, test } from 'vitest';
import { authorityOf } from '../../../src/acme/authorities/authorities.ts';
import { isStaging, rehearsalAuthority } from '../../../src/acme/authorities/stagings.ts';

const [own, given] = ['https://ca.example/dir', 'https://staging.ca.example/dir'];

test.each([
  ['letsencrypt', null, 'letsencrypt-staging'],
  ['letsencrypt', given, 'letsencrypt-staging'],
  ['google', null, 'google-staging'],
  [own, given, given],
  ['zerossl', 'letsencrypt-staging', 'letsencrypt-staging'],
])('orders for %s, with %s given, are rehearsed at %s', (ca, staging, where) => {
  expect(rehearsalAuthority(authorityOf(ca), staging)).toEqual(authorityOf(where));
});

test.each([
  ['zerossl', null],
  [own, null],
  ['letsencrypt-staging', null],
  [given, given],
])('nothing is rehearsed for %s with %s given', (ca, staging) => {
  expect(() => rehearsalAuthority(authorityOf(ca), staging)).toThrow(
    expect.objectContaining({ code: 'usage' }) as Error,
  );
});

test('only a staging needs no rehearsal', () => {
  expect([given, 'google-staging', own].map((ca) => isStaging(authorityOf(ca), given))).toEqual([
    true,
    true,
    false,
  ]);
});
