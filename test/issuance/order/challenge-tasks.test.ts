import { expect, test } from 'vitest';
import { parseAuthorization } from '../../../src/acme/objects/authorization.ts';
import { sortOut } from '../../../src/issuance/order/challenge-tasks.ts';
import type { AuthorizationRow } from '../../../src/ledger/schema.ts';

test('a token that is not base64url is named as such, not as a challenge that is not offered', () => {
  const url = 'https://ca.example/authz/1';
  const shown = parseAuthorization(
    {
      status: 'pending',
      identifier: { type: 'dns', value: 'a.example' },
      challenges: [
        { type: 'http-01', url: 'https://ca.example/chall/1', status: 'pending', token: '../../x' },
      ],
    },
    url,
  );
  const row = {
    id: 1,
    url,
    status: 'pending',
    challenge: 'none',
    error: null,
  } as unknown as AuthorizationRow;
  const settings = { solver: 'webroot', challenge: 'http-01', webroot: '/srv' } as const;
  const { tasks, failures } = sortOut([row], [shown], {
    names: ['a.example'],
    wayOf: () => settings,
  });
  expect(tasks).toEqual([]);
  expect(failures.map(({ error }) => error.message)).toEqual([
    "a.example: the token that the CA gave for http-01 isn't base64url (RFC 8555 §8.1), so nothing is put up for it",
  ]);
});

const web = { solver: 'webroot', challenge: 'http-01', webroot: '/srv' } as const;
const zone = { solver: 'standalone', challenge: 'tls-alpn-01', listen: { host: null, port: 443 } } as const;

/** The challenge of each task, for an order of a domain and its wildcard that are proven in two ways. */
function challengesOf(offered: readonly { wildcard: boolean; types: readonly string[] }[]): string[] {
  const urls = offered.map((_, index) => `https://ca.example/authz/${String(index)}`);
  const shown = offered.map(({ wildcard, types }, index) =>
    parseAuthorization(
      {
        status: 'pending',
        identifier: { type: 'dns', value: 'a.example' },
        ...(wildcard ? { wildcard } : {}),
        challenges: types.map((type) => ({
          type,
          url: urls[index],
          status: 'pending',
          token: 'x'.repeat(43),
        })),
      },
      urls[index] ?? '',
    ),
  );
  const rows = urls.map((url, id) => ({ id, url, status: 'pending', challenge: 'none', error: null }));
  const { tasks, failures } = sortOut(rows as unknown as AuthorizationRow[], shown, {
    names: ['a.example', '*.a.example'],
    wayOf: (name) => (name.startsWith('*.') ? zone : web),
  });
  return [...failures.map(({ error }) => error.message), ...tasks.map(({ challenge }) => challenge.type)];
}

test('a wildcard and its base name are proven each its own way', () => {
  const types = ['http-01', 'tls-alpn-01'];
  expect(
    challengesOf([
      { wildcard: true, types },
      { wildcard: false, types },
    ]),
  ).toEqual(['tls-alpn-01', 'http-01']);
});

test('a wildcard that the CA does not call one is known by what is offered for it', () => {
  expect(
    challengesOf([
      { wildcard: false, types: ['tls-alpn-01'] },
      { wildcard: false, types: ['http-01'] },
    ]),
  ).toEqual(['tls-alpn-01', 'http-01']);
});

test('a challenge that is not offered is named as the way of that name', () => {
  expect(challengesOf([{ wildcard: true, types: ['http-01'] }])).toEqual([
    "*.a.example: the CA doesn't offer tls-alpn-01, only http-01",
  ]);
});
