import { expect, test } from 'vitest';
import { assertSolvable, parseSolverSettings, type SolverSettings } from '../../src/challenges/settings.ts';
import type { Identifier } from '../../src/identifiers.ts';

const webroot = { solver: 'webroot', challenge: 'http-01', webroot: '/srv/www' } as const;
const standalone = {
  solver: 'standalone',
  challenge: 'tls-alpn-01',
  listen: { host: null, port: 443 },
} as const;
const exec = {
  solver: 'exec',
  challenge: 'dns-01',
  hook: './hook.sh',
  hookDirectory: '/srv',
  hookStyle: 'lego',
  hookTimeoutSeconds: 120,
  hookConcurrency: 1,
  propagationTimeoutSeconds: 60,
  resolver: '[2001:db8::1]:53',
  dnsRounds: 3,
  dnsQuorum: 'all',
} as const;

test.each([webroot, standalone, exec])(
  'settings come back from the ledger as they were: $solver',
  (settings) => {
    expect(parseSolverSettings(JSON.parse(JSON.stringify(settings)))).toEqual(settings);
  },
);

test.each([
  null,
  {},
  { ...webroot, webroot: 'relative' },
  { ...webroot, challenge: 'dns-01' },
  { ...webroot, surprise: 1 },
  { ...standalone, listen: { host: 'localhost', port: 443 } },
  { ...standalone, listen: { host: null, port: 0 } },
  { ...exec, hook: ' ' },
  { ...exec, hookStyle: 'nosuch' },
  { ...exec, resolver: 'dns.example' },
])('%j is refused as a damaged record', (stored) => {
  expect(() => parseSolverSettings(stored)).toThrow(expect.objectContaining({ code: 'ledger' }));
});

const wildcard: Identifier = { type: 'dns', value: '*.example.com' };
const plain: Identifier = { type: 'dns', value: 'example.com' };
const address: Identifier = { type: 'ip', value: '192.0.2.1' };

test.each<[SolverSettings, Identifier, boolean]>([
  [webroot, plain, true],
  [webroot, address, true],
  [webroot, wildcard, false],
  [standalone, address, true],
  [standalone, wildcard, false],
  [exec, wildcard, true],
  [exec, address, false],
])('%j can prove %j: %s', (settings, identifier, possible) => {
  const assertion = expect(() => {
    assertSolvable(settings, [plain, identifier]);
  });
  if (possible) assertion.not.toThrow();
  else assertion.toThrow(expect.objectContaining({ code: 'usage' }));
});
