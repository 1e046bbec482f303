import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Directory } from '../../src/acme/objects/resources.ts';
import { askableUrl, askedServer, candidatesFor } from '../../src/clear/asked-server.ts';

const boulder = server('https://acme.ca.example', '/acme/new-', 'https://acme.ca.example/acme/acct/17');
const stepCa = server('https://ca.test:9000', '/acme/web/new-', 'https://ca.test:9000/acme/web/account/kept');

function server(origin: string, path: string, accountUrl: string) {
  const [newNonce, newAccount, newOrder] = ['nonce', 'acct', 'order'].map(
    (each) => `${origin}${path}${each}`,
  );
  return askedServer(
    { newNonce, newAccount, newOrder, revokeCert: null, keyChange: null, renewalInfo: null } as Directory,
    accountUrl,
  );
}

describe('a URL that somebody wrote into a log', () => {
  it.each([
    'https://acme.ca.example/acme/authz/17/4711',
    'https://acme.ca.example:443/acme/order/17/1',
    'https://ACME.ca.example/acme/chall/17/4711/Ab-_12',
    'https://acme.ca.example/acme/authz/17/0Ab1',
    'https://acme.ca.example/acme/authz/-3bQ_',
    'https://acme.ca.example/acme/authz/17/0',
    'https://acme.ca.example/acme/1/authz/aBc/',
    'https://acme.ca.example/acme/authz/aBc%3D',
    'https://acme.ca.example/acme/authz/aBc.',
  ])('is asked of the server that it is at: %s', (url) => {
    expect(askableUrl(boulder, url)).toBe(new URL(url).href);
  });

  it.each([
    'http://acme.ca.example/acme/authz/17/1',
    'https://acme.ca.example:8443/acme/authz/17/1',
    'https://acme.ca.example.evil.test/acme/authz/17/1',
    'https://acme.ca.example@evil.test/acme/authz/17/1',
    'https://someone@acme.ca.example/acme/authz/17/1',
    'https://acme.ca.example./acme/authz/17/1',
    'http://169.254.169.254/acme/authz/17/1',
    'https://127.0.0.1/acme/authz/17/1',
    'https://acme.ca.example/other/authz/1',
    'https://acme.ca.example/acme/../admin/authz/1',
    'https://acme.ca.example/acme/authz/17/1?next=https://evil.test',
    'https://acme.ca.example/acme/authz/17/1#x',
    'https://acme.ca.example/acme/new-order',
    'https://acme.ca.example/acme/acct/17',
    'https://acme.ca.example/acme/',
    'https://acme.ca.example/acme/authz/000017/4711',
    'https://acme.ca.example/acme/authz/17/0004711',
    'https://acme.ca.example/acme/authz/17/+4711',
    'https://acme.ca.example/acme/authz/17/%34711',
    'https://acme.ca.example/acme/authz//17/4711',
    'https://acme.ca.example/acme/authz/17/1/../4711',
    'https://acme.ca.example/acme/./authz/17/4711',
    'https://acme.ca.example\\acme\\authz\\17\\4711',
    '//acme.ca.example/acme/authz/17/1',
    'file:///acme/authz/17/1',
    'not a URL',
    '',
    `https://acme.ca.example/acme/authz/17/${'1'.repeat(3_000)}`,
  ])('is asked of nobody: %s', (url) => {
    expect(askableUrl(boulder, url)).toBeNull();
    expect(candidatesFor([{ server: boulder }, { server: stepCa }], url)).toBeNull();
  });

  it('never leads to another address than those of the directory, whatever it is', () => {
    const own = [boulder, stepCa].map((each) => ({ server: each }));
    const hosts = fc.constantFrom('acme.ca.example', 'ca.test:9000', 'evil.test', '[::1]', '169.254.169.254');
    const joints = fc.constantFrom(
      '',
      '@',
      '#',
      '?',
      '\\',
      '/',
      ':',
      '.',
      '%2f',
      '\t',
      '\u0000',
      '。',
      ':443',
    );
    const crafted = fc
      .tuple(
        fc.constantFrom('https://', 'http://', 'HTTPS:\\\\', 'https:', '//', 'ftp://', 'javascript:'),
        hosts,
        joints,
        fc.oneof(hosts, fc.string()),
        fc.constantFrom('/acme/authz/17/1', '/acme/web/authz/abc', '/acme/../x', '\\acme\\authz\\1', ''),
        fc.oneof(fc.constant(''), fc.string()),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(crafted, crafted, fc.webUrl(), fc.string()), (text) => {
        const found = candidatesFor(own, text);
        if (found === null) return;
        const { origin, pathname, username, search } = new URL(found.url);
        const allowed = {
          'https://acme.ca.example': '/acme/',
          'https://ca.test:9000': '/acme/web/',
        }[origin];
        expect(allowed).toBeDefined();
        expect(pathname.startsWith(allowed ?? '-')).toBe(true);
        expect(username + search).toBe('');
        for (const { server: one } of found.candidates) expect(one.origins.has(origin)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('of several accounts at one server', () => {
  const [first, second, third] = [17, 18, 19].map((number) => ({
    server: server(
      'https://acme.ca.example',
      '/acme/new-',
      `https://acme.ca.example/acme/acct/${String(number)}`,
    ),
  }));

  it('the one whose number is in the URL is asked first, then the others', () => {
    const accounts = [first!, second!, { server: stepCa }, third!];
    expect(candidatesFor(accounts, 'https://acme.ca.example/acme/authz/18/4711')?.candidates).toEqual([
      second,
      first,
      third,
    ]);
    expect(candidatesFor(accounts, 'https://acme.ca.example/acme/authz-v3/4711')?.candidates).toEqual([
      first,
      second,
      third,
    ]);
  });
});
