import { expect, test } from 'vitest';
import { authorityOf } from '../../../src/acme/authorities/authorities.ts';

test("Let's Encrypt's authorizations are resumed, those of every other CA deactivated", () => {
  for (const name of ['letsencrypt', 'letsencrypt-staging'])
    expect(authorityOf(name).onUnsubmitted).toBe('resume');
  for (const name of ['zerossl', 'google', 'google-staging', 'sslcom', 'actalis', 'https://ca.example/dir']) {
    expect(authorityOf(name)).toMatchObject({ onUnsubmitted: 'deactivate', maxPending: 250 });
  }
});

test('a URL of a built-in CA is that CA', () => {
  expect(authorityOf('https://ACME-v02.api.letsencrypt.org:443/directory')).toEqual(
    authorityOf('letsencrypt'),
  );
  expect(authorityOf('https://ca.example:8443/dir')).toMatchObject({
    name: null,
    label: 'ca.example:8443',
    directoryUrl: 'https://ca.example:8443/dir',
  });
});

test('a name that is not known lists those that are', () => {
  try {
    authorityOf('letsencript');
    expect.fail('it was taken');
  } catch (error) {
    expect(error).toMatchObject({
      code: 'usage',
      hint: expect.stringContaining('letsencrypt-staging') as string,
    });
  }
});
