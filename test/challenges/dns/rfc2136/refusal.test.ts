import { expect, it } from 'vitest';
import { refusalError } from '../../../../src/challenges/dns/rfc2136/refusal.ts';
import { settingsFromOptions } from '../../../../src/challenges/settings-from-options.ts';
import { rfc2136Schema } from '../../../../src/challenges/dns/rfc2136/settings.ts';

const settings = rfc2136Schema().parse(settingsFromOptions({ dnsServer: '192.0.2.53' }, '/'));
const key = { name: 'acme-key', algorithm: 'hmac-sha256', secret: 'c2VjcmV0IHNlY3JldA==' } as const;
const update = { name: '_acme-challenge.example.com', zone: 'example.com', settings, key };

it.each([
  [
    '; TSIG error with server: clocks are unsynchronized\nupdate failed: NOTAUTH(BADTIME)',
    /clocks .*BADTIME/,
    /NTP/,
  ],
  ['update failed: NOTZONE', /isn't in the zone example\.com/, /delegated/],
  ['update failed: NOTAUTH', /isn't the primary of the zone example\.com/, /SOA/],
  ['update failed: YXRRSET', /is an alias/, /CNAME/],
  ['update failed: NOTIMP', /takes no updates/, /dnsupdate=yes/],
  ['update failed: SERVFAIL', /failed at the update/, /log/],
  ['; Communication with 192.0.2.53#53 failed: timed out', /doesn't answer to the update/, /UDP and TCP/],
  ['; Communication with 192.0.2.53#53 failed: host unreachable', /can't be reached/, /UDP and TCP/],
])('nsupdate’s %j is told in plain words', (said, message, hint) => {
  const error = refusalError(said, update);
  expect(error).toMatchObject({ code: 'solver' });
  expect(error.message).toMatch(message);
  expect(error.hint).toMatch(hint);
});

it('what nobody knows is told as it is, without the secret', () => {
  const { message } = refusalError(`could not parse key c2VjcmV0IHNlY3JldA==\n\u001b[31m`, update);
  expect(message).toContain('could not parse key ***');
  expect(message).not.toContain('\u001b');
});
