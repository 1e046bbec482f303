import { expect, test } from 'vitest';
import { parseAccount } from '../../../src/acme/objects/account.ts';
import { parseAuthorization, parseChallenge } from '../../../src/acme/objects/authorization.ts';
import { parseOrder, unusableOrder } from '../../../src/acme/objects/order.ts';

const url = 'https://ca.example/x/1';
const order = {
  status: 'pending',
  identifiers: [{ type: 'dns', value: 'A.example' }],
  authorizations: ['/authz/1'],
  finalize: '/finalize/1',
};
const authorization = {
  status: 'pending',
  identifier: { type: 'dns', value: 'a.example' },
  challenges: [{ type: 'http-01', url: 'https://ca.example/c/1', status: 'pending', token: 'abc_-' }],
};
const notAcme = expect.objectContaining({ code: 'ca-answer' }) as Error;

test('an order is read with what it has, its URLs resolved', () => {
  const error = { type: 'urn:ietf:params:acme:error:caa', detail: 'no', status: 403 };
  const whole = {
    ...order,
    expires: '2026-03-01T12:00:00.123456789Z',
    profile: 'p',
    replaces: 'r',
    certificate: 'https://other.example/c',
    error,
  };
  expect(parseOrder(whole, url)).toEqual({
    url,
    status: 'pending',
    expiresAt: new Date('2026-03-01T12:00:00.123Z'),
    identifiers: [{ type: 'dns', value: 'a.example' }],
    profile: 'p',
    replaces: 'r',
    authorizationUrls: ['https://ca.example/authz/1'],
    finalizeUrl: 'https://ca.example/finalize/1',
    certificateUrl: 'https://other.example/c',
    error: { ...error, subproblems: [] },
  });
  expect(parseOrder(order, url)).toMatchObject({
    expiresAt: null,
    profile: null,
    replaces: null,
    certificateUrl: null,
    error: null,
  });
});

test("Pebble's order status deactivated is invalid", () => {
  expect(parseOrder({ ...order, status: 'deactivated' }, url).status).toBe('invalid');
});

test.for([
  ['an unknown status', { ...order, status: 'paused' }],
  ['no status', { ...order, status: undefined }],
  ['an authorization that is no URL', { ...order, authorizations: [5] }],
  ['text instead of an object', 'order'],
] as const)('an order with %s is not ACME', ([, data]) => {
  expect(() => parseOrder(data, url)).toThrow(notAcme);
});

test.for([
  ['none', undefined],
  ['one over plain http', 'http://ca.example/f'],
] as const)('an order needs no finalize URL before it is finalized: with %s it has none', ([, finalize]) => {
  expect(parseOrder({ ...order, finalize }, url).finalizeUrl).toBeNull();
});

test('an order that can not be worked with tells its authorizations all the same', () => {
  const parse = (): unknown => parseOrder({ ...order, status: 'queued', authorizations: ['/a/1', 5] }, url);
  const thrown = ((): unknown => {
    try {
      return parse();
    } catch (error) {
      return error;
    }
  })();
  expect(unusableOrder(thrown)).toEqual({ url, authorizationUrls: ['https://ca.example/a/1'] });
});

test('an authorization keeps challenges of unknown types by name and drops what is no challenge', () => {
  const challenges = [
    ...authorization.challenges,
    { type: 'dns-future-09', url: '/c/2', status: 'paused', token: '../../etc' },
    { type: 'dns-persist-01', url: '/c/3' },
    { type: 'without-url' },
    { url: '/c/4' },
    7,
  ];
  const parsed = parseAuthorization({ ...authorization, challenges, more: 1 }, url);
  expect(parsed.challenges).toEqual([
    { type: 'http-01', url: 'https://ca.example/c/1', status: 'pending', token: 'abc_-', error: null },
    // Neither submitted nor decided, as far as we can tell; a token that is no token could become a path.
    { type: 'dns-future-09', url: 'https://ca.example/c/2', status: 'processing', token: null, error: null },
    { type: 'dns-persist-01', url: 'https://ca.example/c/3', status: 'pending', token: null, error: null },
  ]);
});

test('a wildcard is known by its flag or its star', () => {
  expect(parseAuthorization({ ...authorization, wildcard: true }, url)).toMatchObject({
    wildcard: true,
    identifier: { value: 'a.example' },
  });
  const starred = { ...authorization, identifier: { type: 'dns', value: '*.A.example' } };
  expect(parseAuthorization(starred, url)).toMatchObject({
    wildcard: true,
    identifier: { value: 'a.example' },
  });
  expect(parseAuthorization(authorization, url).wildcard).toBe(false);
});

test.for([
  ['an unknown status', { ...authorization, status: 'ready' }],
  ['no identifier', { ...authorization, identifier: undefined }],
  [
    'an identifier of another kind',
    { ...authorization, identifier: { type: 'permanent-identifier', value: 'x' } },
  ],
] as const)('an authorization with %s is not ACME', ([, data]) => {
  expect(() => parseAuthorization(data, url)).toThrow(notAcme);
});

test('a deactivated authorization may have lost its challenges', () => {
  expect(
    parseAuthorization({ ...authorization, status: 'deactivated', challenges: null }, url),
  ).toMatchObject({ status: 'deactivated', challenges: [] });
});

test('a challenge without a type is not ACME', () => {
  expect(() => parseChallenge({ url }, url)).toThrow(notAcme);
});

test('an account is read with the list of its orders where there is one', () => {
  expect(parseAccount({ status: 'valid', orders: '/orders' }, url)).toEqual({
    url,
    status: 'valid',
    ordersUrl: 'https://ca.example/orders',
  });
  expect(parseAccount({ status: 'deactivated' }, url)).toEqual({
    url,
    status: 'deactivated',
    ordersUrl: null,
  });
  expect(() => parseAccount([], url)).toThrow(notAcme);
});
