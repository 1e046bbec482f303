import { expect, test } from 'vitest';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import { assertSolvable } from '../../../src/challenges/settings.ts';
import { parseNames } from '../../../src/identifiers.ts';

function settingsFor(webrootFor: string): object {
  return settingsFromOptions({ webroot: '/var/www', webrootFor }, '/srv', false);
}

test.each([
  ['www.A.test=/srv/a', { 'www.a.test': '/srv/a' }],
  ['a.test=shop,b.test=/b', { 'a.test': '/srv/shop', 'b.test': '/b' }],
  ['a.test=/x,y,b.test=/b', { 'a.test': '/x,y', 'b.test': '/b' }],
])('--webroot-for %s', (given, webroots) => {
  expect(settingsFor(given)).toEqual({
    solver: 'webroot',
    challenge: 'http-01',
    webroot: '/var/www',
    webroots,
  });
});

test.each(['a.test', 'a.test=', '=/srv', ''])('--webroot-for "%s" is refused', (given) => {
  expect(() => settingsFor(given)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('a name that the certificate has not is no name to be proven', () => {
  const settings = settingsFromOptions({ webroot: '/', webrootFor: 'wwww.a.test=/' }, '/', false);
  expect(() => {
    assertSolvable(settings, parseNames(['a.test', 'www.a.test']));
  }).toThrow(/wwww\.a\.test is proven, which isn't a name of the certificate/);
});
