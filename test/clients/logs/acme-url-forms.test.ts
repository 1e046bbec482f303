import { describe, expect, it } from 'vitest';
import { acmeUrlAt, authorizationUrlOf } from '../../../src/clients/logs/acme-url-forms.ts';

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

const urlIn = (text: string) => acmeUrlAt(text, text.indexOf('http'));

describe('a URL in a text', () => {
  it.each([
    ['https://ca.example/acme/1/authz/aBc/', 'https://ca.example/acme/1/authz/aBc/'],
    ['"https://ca.example/authz/aBc/", 1', 'https://ca.example/authz/aBc/'],
    ['https:\\/\\/ca.example\\/authz\\/aBc\\/"', 'https://ca.example/authz/aBc/'],
    ['https://ca.example/acme/1/authz/aBc/.', 'https://ca.example/acme/1/authz/aBc/'],
    ['https://ca.example/authz/aBc==', 'https://ca.example/authz/aBc=='],
    ['{"url":"https://ca.example/authz/aBc\\u003d"}', 'https://ca.example/authz/aBc='],
    ['next=https%3A%2F%2Fca.example%2Fauthz%2FaBc%3D%22', 'https://ca.example/authz/aBc='],
    ['https%253A%252F%252Fca.example%252Fauthz%252FaBc%253D&', 'https://ca.example/authz/aBc='],
    ['https://ca.example/authz/aBc%3D ', 'https://ca.example/authz/aBc%3D'],
    ['https://ca.example/authz/aBc~', 'https://ca.example/authz/aBc~'],
    ['https://ca.example/authz/a.b!c+d@e', 'https://ca.example/authz/a.b!c+d@e'],
    ['"https://ca.example/authz/aBc."', 'https://ca.example/authz/aBc.'],
    ['<https://ca.example/authz/aBc.>;rel="up"', 'https://ca.example/authz/aBc.'],
    ['{\\"url\\":\\"https://ca.example/authz/aBc.\\"}', 'https://ca.example/authz/aBc.'],
    ['Location: https://ca.example/authz/aBc.\r\n', 'https://ca.example/authz/aBc.'],
    ['https://ca.example:443 "POST /authz/aBc. HTTP/1.1"', 'https://ca.example/authz/aBc.'],
  ])('is what is written, whatever it ends with: %s', (text, url) => {
    expect(urlIn(text)).toEqual({ url, resource: 'authorization' });
  });

  it.each([
    ['see https://ca.example/authz/aBc.', 'https://ca.example/authz/aBc.'],
    ['https://ca.example/authz/aBc...\n', 'https://ca.example/authz/aBc...'],
    ['https://ca.example/authz/aBc!', 'https://ca.example/authz/aBc!'],
    ['https://ca.example/authz/aBc?page=2', 'https://ca.example/authz/aBc?page=2'],
  ])('may be read in two ways: %s', (text, written) => {
    expect(urlIn(text)).toEqual({ url: 'https://ca.example/authz/aBc', resource: 'authorization', written });
  });

  it.each([
    ['https://ca.example/acme/1/order/aBc/finalize/'],
    ['https://ca.example/acme/order/aBc/finalize'],
    ['https://ca.example/acme/authz/'],
    ['https://ca.example/acme/authz/...'],
    ['https://ca.example/acme/authz/a//b'],
    ['https://ca.example/acme/authz/1/2/3/4'],
    ['https://ca.example/acme/authz/a./b/c/d'],
  ])('is none where more or less is written than one has: %s', (text) => {
    expect(urlIn(text)).toBeNull();
  });

  it.each([
    ['https://ca.example/authorizations/7', 'authorization'],
    ['https://ca.example/orders/7', 'order'],
    ['https://ca.example/challenges/7', 'challenge'],
  ])('is found by the plural, too: %s', (url, resource) => {
    expect(urlIn(url)).toEqual({ url, resource });
  });
});
