import { describe, expect, it } from 'vitest';
import { authorityOf } from '../../src/acme/authorities/authorities.ts';
import { parseConfiguration } from '../../src/settings/configuration-text.ts';
import { limitsAt } from '../../src/settings/limit-changes.ts';

const path = '/etc/acme-ledger/config.yaml';

describe('limits of the configuration file', () => {
  it('change what is built in, or give a CA its first ones; the others stay as they are', async () => {
    const { limits } = await parseConfiguration(
      path,
      `ca: letsencrypt
limits:
  letsencrypt:
    newOrders: 1500/3h
    certificatesPerDomain: none
    requestsPerSecond: 11
    reserveForIssue: 25%
  https://ca.test/dir:
    failuresInARow: 10 / 1d12h
    countDeactivations: yes
    requestsPerSecond: none
`,
    );
    const builtIn = authorityOf('letsencrypt');
    expect(limitsAt(builtIn, limits!.value)).toEqual({
      ...builtIn.limits,
      allowances: {
        ...builtIn.limits.allowances,
        'new-orders': { max: 1_500, periodMs: 10_800_000 },
        'certificates-per-domain': null,
      },
      pace: { ...builtIn.limits.pace, everything: { perSecond: 11, burst: 6 } },
      reserveForIssue: 25,
    });
    const other = limitsAt(authorityOf('https://ca.test/dir'), limits!.value);
    expect(other.allowances['failures-in-a-row']).toEqual({ max: 10, periodMs: 129_600_000 });
    expect(other).toMatchObject({ countsDeactivations: true, allowances: { 'new-orders': null } });
    const staging = authorityOf('letsencrypt-staging');
    expect(limitsAt(staging, limits!.value)).toBe(staging.limits);
  });

  it.each([
    ['limits: 5', ':1:9: limits must be a mapping of CAs'],
    ['limits:\n  letsencrypt: 5', ':2:16: letsencrypt must be a mapping of limits'],
    ['limits:\n  letsencrpt:\n    newOrders: 5/1h', '"letsencrpt" isn\'t a CA that is built in'],
    ['limits:\n  letsencrypt:\n    newOrder: 5/1h', ':3:15: newOrder there is no limit "newOrder"'],
    ['limits:\n  letsencrypt:\n    constructor: 5/1h', 'there is no limit "constructor"'],
    ['limits:\n  letsencrypt:\n    newOrders: many', ':3:16: newOrders must be a number and the time'],
    ['limits:\n  letsencrypt:\n    newOrders: 0/1h', 'newOrders must be'],
    ['limits:\n  letsencrypt:\n    newOrders: 5/0h', 'newOrders must be'],
    ['limits:\n  letsencrypt:\n    newOrders: 5/20y', 'newOrders must be'],
    ['limits:\n  letsencrypt:\n    requestsPerSecond: 0', 'requestsPerSecond must be a whole number'],
    ['limits:\n  letsencrypt:\n    reserveForIssue: 100%', 'reserveForIssue must be a share'],
    ['limits:\n  letsencrypt:\n    countDeactivations: maybe', 'countDeactivations must be yes or no'],
  ])('are refused with their place: %j', async (text, message) => {
    await expect(parseConfiguration(path, text)).rejects.toMatchObject({
      code: 'configuration',
      message: expect.stringContaining(message) as string,
      hint: expect.stringMatching(/./) as string,
    });
  });
});
