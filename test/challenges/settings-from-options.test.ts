import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { solverSettings } from '../../src/challenges/settings.ts';
import { hasSolverOptions, type SolverOptions } from '../../src/challenges/option-list.ts';
import { settingsFromOptions } from '../../src/challenges/settings-from-options.ts';
import type { AcmeLedgerError } from '../../src/errors.ts';

const directory = mkdtempSync(join(tmpdir(), 'options-'));
writeFileSync(join(directory, 'hook.sh'), '#!/bin/sh\n');
chmodSync(join(directory, 'hook.sh'), 0o755);
writeFileSync(join(directory, 'plain.txt'), '');
afterAll(() => {
  rmSync(directory, { recursive: true });
});

const execDefaults = {
  solver: 'exec',
  challenge: 'dns-01',
  hook: 'update-zone --fast',
  hookDirectory: directory,
  hookStyle: 'lego',
  hookTimeoutSeconds: 120,
  hookConcurrency: 1,
  propagationTimeoutSeconds: 60,
  resolver: null,
  dnsRounds: 3,
  dnsQuorum: 'all',
};
const everywhere = (port: number) => ({ host: null, port });

test.each<[SolverOptions, object]>([
  [{ webroot: '.' }, { solver: 'webroot', challenge: 'http-01', webroot: directory }],
  [{ listen: '8080' }, { solver: 'standalone', challenge: 'http-01', listen: everywhere(8080) }],
  [{ listen: 8080 }, { solver: 'standalone', challenge: 'http-01', listen: everywhere(8080) }],
  [{ listen: ':8080' }, { solver: 'standalone', challenge: 'http-01', listen: everywhere(8080) }],
  [
    { listen: '127.0.0.1:80' },
    { solver: 'standalone', challenge: 'http-01', listen: { host: '127.0.0.1', port: 80 } },
  ],
  [{ listen: '[::1]:80' }, { solver: 'standalone', challenge: 'http-01', listen: { host: '::1', port: 80 } }],
  [{ solver: 'standalone' }, { solver: 'standalone', challenge: 'http-01', listen: everywhere(80) }],
  [{ challenge: 'tls-alpn-01' }, { solver: 'standalone', challenge: 'tls-alpn-01', listen: everywhere(443) }],
  [
    { challenge: 'tls-alpn-01', listen: '8443' },
    { solver: 'standalone', challenge: 'tls-alpn-01', listen: everywhere(8443) },
  ],
  [{ hook: 'update-zone --fast' }, execDefaults],
  [
    { hook: ' ./hook.sh a ', challenge: 'http-01', hookStyle: 'lego', hookTimeout: '2m', hookConcurrency: 4 },
    {
      ...execDefaults,
      challenge: 'http-01',
      hook: './hook.sh a',
      hookTimeoutSeconds: 120,
      hookConcurrency: 4,
    },
  ],
  [
    { hook: 'update-zone --fast', propagationTimeout: 0, resolver: '192.0.2.53' },
    { ...execDefaults, propagationTimeoutSeconds: 0, resolver: '192.0.2.53:53' },
  ],
  [
    { hook: 'update-zone --fast', hookTimeout: '1h30m', resolver: '[2001:db8::53]:5353' },
    { ...execDefaults, hookTimeoutSeconds: 5400, resolver: '[2001:db8::53]:5353' },
  ],
  [
    { hook: 'update-zone --fast', dnsRounds: 5, dnsQuorum: 'most' },
    { ...execDefaults, dnsRounds: 5, dnsQuorum: 'most' },
  ],
  [
    { hook: 'update-zone --fast', dnsRounds: '1', dnsQuorum: '2' },
    { ...execDefaults, dnsRounds: 1, dnsQuorum: 2 },
  ],
])('%j is understood', (options, settings) => {
  const read = settingsFromOptions(options, directory);
  expect(read).toEqual(settings);
  expect(solverSettings.parse(read)).toEqual(settings);
});

test.each<[SolverOptions, RegExp, RegExp]>([
  [{}, /prove/, /--webroot.*standalone.*--hook/],
  [{ challenge: 'http-01' }, /prove/, /--webroot/],
  [{ challenge: 'dns-01' }, /dns-01/, /--hook/],
  [{ challenge: 'dns-account-01' }, /dns-account-01/, /http-01, dns-01, tls-alpn-01/],
  [{ solver: 'rfc1035' }, /rfc1035/, /webroot, standalone, .*exec/],
  [{ solver: 'webroot' }, /needs --webroot/, /root/],
  [{ solver: 'exec' }, /needs --hook/, /present/],
  [{ webroot: '' }, /needs --webroot/, /root/],
  [{ webroot: 'missing' }, /missing.*ENOENT/, /root/],
  [{ webroot: 'plain.txt' }, /isn't a directory/, /root/],
  [{ webroot: '.', hook: 'x' }, /--webroot and --hook/, /--solver/],
  [{ webroot: '.', solver: 'exec' }, /--webroot/, /solver/],
  [{ solver: 'standalone', hookTimeout: 3 }, /--hook-timeout/, /solver/],
  [{ webroot: '.', challenge: 'dns-01' }, /webroot can't answer dns-01/, /exec/],
  [{ hook: 'x', challenge: 'tls-alpn-01' }, /exec can't answer tls-alpn-01/, /standalone/],
  [{ listen: '0' }, /--listen "0"/, /8080/],
  [{ listen: '65536' }, /--listen/, /8080/],
  [{ listen: 'localhost:80' }, /--listen/, /IP/],
  [{ listen: '::1:80' }, /--listen/, /\[::1\]/],
  [{ listen: '[127.0.0.1]:80' }, /--listen/, /8080/],
  [{ hook: '  ' }, /--hook/, /CMD/],
  [{ hook: './missing.sh x' }, /missing\.sh/, /chmod/],
  [{ hook: './plain.txt' }, /plain\.txt/, /chmod/],
  [{ hook: './' }, /directory/, /command/],
  [{ hook: 'x', hookStyle: 'getssl' }, /getssl/, /lego.*certbot.*lexicon/],
  [{ hook: 'x', hookStyle: 'lexicon' }, /names no provider/, /--hook 'lexicon x'/],
  [{ hook: 'x', hookTimeout: '0' }, /--hook-timeout/, /2m/],
  [{ hook: 'x', hookTimeout: 90 }, /--hook-timeout: "90" has no unit/, /^90 of what: 90s, 90m, 90h$/],
  [{ hook: 'x', hookTimeout: '2d' }, /--hook-timeout/, /2m/],
  [{ hook: 'x', propagationTimeout: '25h' }, /--propagation-timeout/, /2m/],
  [{ hook: 'x', hookConcurrency: '0' }, /--hook-concurrency/, /1/],
  [{ hook: 'x', resolver: 'ns1.example.com' }, /--resolver/, /IP/],
  [{ hook: 'x', resolver: '::1:99999' }, /--resolver/, /IP/],
  [{ hook: 'x', dnsRounds: 0 }, /--dns-rounds "0"/, /3/],
  [{ hook: 'x', dnsQuorum: 'some' }, /--dns-quorum "some"/, /must answer/],
  [{ webroot: '.', dnsRounds: 3 }, /--dns-rounds says nothing to the solver webroot/, /--solver exec/],
  [{ resolver: '192.0.2.53' }, /nothing says how to prove/, /--webroot/],
])('%j is refused with a hint', (options, message, hint) => {
  const refusal = (): AcmeLedgerError => {
    try {
      settingsFromOptions(options, directory);
    } catch (error) {
      return error as AcmeLedgerError;
    }
    throw new Error('it was taken');
  };
  expect(refusal()).toMatchObject({ code: 'usage' });
  expect(refusal().message).toMatch(message);
  expect(refusal().hint).toMatch(hint);
});

test('whether any option is given can be told', () => {
  expect(hasSolverOptions({ webroot: undefined })).toBe(false);
  expect(hasSolverOptions({ propagationTimeout: 0 })).toBe(true);
});
