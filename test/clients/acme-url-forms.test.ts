import { describe, expect, it } from 'vitest';
import { authorizationUrlOf } from '../../src/clients/acme-url-forms.ts';

describe('the authorization of a challenge', () => {
  it.each([
    [
      'https://acme-v02.api.letsencrypt.org/acme/chall/77/900/x_Y-z1',
      'https://acme-v02.api.letsencrypt.org/acme/authz/77/900',
    ],
    [
      'https://acme-v02.api.letsencrypt.org/acme/chall-v3/900/x_Y-z1',
      'https://acme-v02.api.letsencrypt.org/acme/authz-v3/900',
    ],
    ['https://ca.internal:9000/acme/local/challenge/aZ/cH', 'https://ca.internal:9000/acme/local/authz/aZ'],
    ['https://localhost:14000/chalZ/abc', null],
    ['https://acme.zerossl.com/v2/DV90/chall/abc', null],
    ['rubbish', null],
  ])('%s: %s', (challenge, authorization) => {
    expect(authorizationUrlOf(challenge)).toBe(authorization);
  });
});
