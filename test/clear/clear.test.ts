import { afterEach, beforeEach, expect, it } from 'vitest';
import { clear } from '../../src/clear/clear.ts';
import { insertForeignAuthorization } from '../../src/ledger/authorizations/foreign-authorizations.ts';
import { SharedCa } from '../issuance/shared-ca.ts';
import { type TinyWorld, newTinyWorld } from '../issuance/tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

it('asks for a URL that the ledger knows no other account than its own', async () => {
  const ca = new SharedCa();
  const accounts = [await ca.issuance(world, 17), await ca.issuance(world, 18)];
  const url = ca.add(18, 'a.test');
  await insertForeignAuthorization(accounts[1]!, accounts[1]!.account.id, url, 'log');
  const turns = new Set(accounts.map(({ account }) => account.id));
  const told: string[] = [];
  const usual = { all: false, olderThan: null, dryRun: false, method: 'deactivate' as const, concurrency: 1 };
  for (const account of accounts) {
    await clear(account, { ...usual, urls: [url], turns }, ({ action }) => told.push(action));
  }
  expect(told).toEqual(['deactivated']);
  expect(ca.asked.filter((each) => each.startsWith('17'))).toEqual([]);
});

it('closes what was found in a log whose clock was ahead, once the ledger knows it for long enough', async () => {
  const ca = new SharedCa();
  const account = await ca.issuance(world, 17);
  const foundIn = { client: null, file: 'some.log', loggedAt: new Date('2036-01-01T00:00:00.000Z') };
  const url = ca.add(17, 'a.test');
  await insertForeignAuthorization(account, account.account.id, url, 'log', foundIn);
  const usual = { all: false, dryRun: false, method: 'deactivate' as const, concurrency: 1 };
  const told: string[] = [];
  for (const [urls, time] of [
    [[url], '2025-12-31T00:00:00.000Z'],
    [[], '2026-01-02T00:00:00.000Z'],
  ] as const) {
    const olderThan = new Date(time);
    world.clock.pass(Math.max(0, olderThan.getTime() - world.clock.now().getTime()));
    await clear(account, { ...usual, urls, olderThan }, ({ action }) => told.push(action));
  }
  expect(told).toEqual(['resumable', 'deactivated']);
});
