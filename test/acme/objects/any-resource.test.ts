import { expect, it } from 'vitest';
import { parseResource } from '../../../src/acme/objects/any-resource.ts';

const url = 'https://ca.example/acme/order/O/auth/A';

it.each([
  [{ identifier: { type: 'dns', value: 'a.test' }, challenges: [], status: 'pending' }, 'authorization'],
  [{ status: 'pending', identifiers: [], authorizations: [url] }, 'order'],
  [{ type: 'http-01', url, status: 'pending', token: 't' }, 'challenge'],
  [{ orders: [url] }, 'order-list'],
  [{ contact: [], status: 'valid' }, 'other'],
  ['<html>', 'other'],
  [null, 'other'],
])('what a URL is, the members of the answer say: %j is of the kind %s', (data, kind) => {
  expect(parseResource(data, url, null)).toMatchObject({ kind });
});

it.each([
  ['pending', true],
  ['invalid', true],
  ['deactivated', true],
  [undefined, true],
  ['ready', false],
  ['processing', false],
  ['valid', false],
])('an order that is %s may have open authorizations: %s', (status, mayHaveOpen) => {
  // Some CAs show `finalize` only when the order is ready.
  const shown = parseResource({ status, authorizations: ['/acme/authz/1', 7, 'ftp://x'] }, url, null);
  const authorizationUrls = ['https://ca.example/acme/authz/1'];
  expect(shown).toEqual({ kind: 'order', mayHaveOpen, authorizationUrls });
});
