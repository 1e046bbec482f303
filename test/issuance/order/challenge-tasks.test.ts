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
  const { tasks, failures } = sortOut([row], [shown], settings);
  expect(tasks).toEqual([]);
  expect(failures.map(({ error }) => error.message)).toEqual([
    "a.example: the token that the CA gave for http-01 isn't base64url (RFC 8555 §8.1), so nothing is put up for it",
  ]);
});
