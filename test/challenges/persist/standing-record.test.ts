import { afterEach, beforeEach, expect, it } from 'vitest';
import { standingRecordEnd } from '../../../src/challenges/persist/standing-record.ts';
import { systemClock } from '../../../src/clock.ts';
import type { StandingProof } from '../../../src/challenges/solver.ts';
import { never } from '../answers.ts';
import { DnsServer } from '../dns-server.ts';

const now = new Date('2026-12-01T12:00:00Z');
const clock = { ...systemClock, wallNow: () => now };
const account = 'https://ca.example/acct/1';
const fit = `ca.example; accounturi=${account}`;
const proof: StandingProof = {
  identifier: { type: 'dns', value: 'a.example' },
  isWildcard: false,
  issuers: ['ca.example', 'ca2.example'],
  accountUris: [account],
};

let server: DnsServer;
beforeEach(async () => {
  server = await DnsServer.start();
});
afterEach(async () => {
  await server.stop();
});

function endOf(more: Partial<StandingProof> = {}): Promise<Date | null> {
  return standingRecordEnd({ ...proof, ...more }, { resolver: server.address, view: {}, clock }, never);
}

function shows(...values: string[]): void {
  for (const value of values) server.add('TXT', '_validation-persist.a.example', value);
}

it('finds a record among others, and says when the last of those that fit ends', async () => {
  shows('v=spf1 -all', `other.example; accounturi=${account}`, fit);
  expect(await endOf()).toBeNull();
});

it('says when it ends', async () => {
  shows(`${fit}; persistUntil=1800000000`, `ca2.example; accounturi=${account}; persistUntil=1810000000`);
  expect(await endOf()).toEqual(new Date(1_810_000_000_000));
});

it.each<[values: string[], more: Partial<StandingProof>, why: RegExp]>([
  [[], {}, /shows none/],
  [['junk'], {}, /shows none/],
  [[`other.example; accounturi=${account}`], {}, /shows only one for another CA \(other\.example\)/],
  [[`ca.example; accounturi=${account}2`], {}, /one for another account \(https:\/\/ca\.example\/acct\/12\)/],
  [[`${fit}; persistUntil=1700000000`], {}, /one that ended at 2023-11-14T22:13:20\.000Z/],
  [[fit], { isWildcard: true }, /one that is not for wildcards \(policy=wildcard\)/],
])('is told that %j does not prove it', async (values, more, why) => {
  shows(...values);
  await expect(endOf(more)).rejects.toMatchObject({
    code: 'solver',
    message: expect.stringMatching(why) as string,
    hint: expect.stringContaining('acme-ledger dns-persist record') as string,
  });
});

it('takes a record for wildcards, any CA where none is known, and an account by another of its URLs', async () => {
  shows(`other.example; accounturi=urn:acct:1; policy=wildcard`);
  expect(await endOf({ isWildcard: true, issuers: null, accountUris: [account, 'urn:acct:1'] })).toBeNull();
});
