import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clear } from '../../src/clear/clear.ts';
import { discover } from '../../src/clear/discover.ts';
import type { Cleared } from '../../src/clear/clear-line.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import { cleared } from '../issuance/found-stage.ts';
import { SharedCa } from '../issuance/shared-ca.ts';
import { type TinyWorld, newTinyWorld } from '../issuance/tiny-issuance.ts';

let world: TinyWorld;
let ca: SharedCa;
let account: AccountRun;

beforeEach(async () => {
  world = await newTinyWorld();
  ca = new SharedCa();
  account = await ca.issuance(world, 17);
});

afterEach(() => world.remove());

async function clearAll(given: { all?: boolean; urls?: string[] } = {}): Promise<Cleared[]> {
  const told: Cleared[] = [];
  const usual = { olderThan: null, dryRun: false, method: 'deactivate', concurrency: 1 } as const;
  await clear(account, { ...usual, all: false, urls: [], ...given }, (one) => told.push(one));
  return told;
}

/** What another ledger on the account works on, found in the CA's list. */
async function discovered(): Promise<string> {
  const order = ca.addOrder(17, [ca.add(17, 'a.test')]);
  account.session.listOrders = () => Promise.resolve(one(order));
  const seen: Cleared[] = [];
  await discover(account, { concurrency: 1 }, (each) => seen.push(each));
  expect(seen).toMatchObject([{ identifier: 'a.test', after: 'pending', reason: null }]);
  return seen[0]!.url;
}

async function* one(url: string): AsyncGenerator<string> {
  yield await Promise.resolve(url);
}

const minutes = 60_000;

describe('what another ledger on the account may be working on', () => {
  it('is left alone by discover and clear until this ledger has known it for an hour, and told', async () => {
    const url = await discovered();
    const left = {
      url,
      action: 'resumable',
      after: 'pending',
      youngUntil: new Date('2026-01-01T01:00:00.000Z'),
    };
    expect(await clearAll()).toMatchObject([left]);
    world.clock.pass(59 * minutes);
    expect(await clearAll()).toMatchObject([left]);
    world.clock.pass(1 * minutes);
    expect(await clearAll()).toMatchObject([{ url, action: 'deactivated', youngUntil: null }]);
  });

  it('is closed at once with --all, and by its own URL', async () => {
    await discovered();
    expect(await clearAll({ all: true })).toMatchObject([{ action: 'deactivated' }]);
    const url = await discovered();
    expect(await clearAll({ urls: [url] })).toMatchObject([{ url, action: 'deactivated' }]);
  });

  it('is left alone by a log, too, that says how young it is; without a time its URLs are closed', async () => {
    const [young, old, timeless, ahead] = ['a', 'b', 'c', 'd'].map((name) => ca.add(17, `${name}.test`));
    const named = [
      { url: young!, loggedAt: '2025-12-31T23:30:00.000Z' },
      { url: old!, loggedAt: '2025-12-31T22:59:59.000Z' },
      { url: timeless!, loggedAt: null },
      { url: ahead!, loggedAt: '2027-01-01T00:00:00.000Z' },
    ];
    const { told } = await cleared([account], named, { concurrency: 1 });
    expect(told.map(({ action, youngUntil }) => [action, youngUntil])).toEqual([
      ['resumable', new Date('2026-01-01T00:30:00.000Z')],
      ['deactivated', null],
      ['deactivated', null],
      ['resumable', new Date('2026-01-01T01:00:00.000Z')],
    ]);
    const all = await cleared([account], named, { all: true });
    expect(all.told.filter(({ action }) => action === 'deactivated')).toHaveLength(2);
  });
});

it('what a log has no time for is told where only older ones are wanted; its file may tell that it is old', async () => {
  const [undated, old] = [ca.add(17, 'a.test'), ca.add(17, 'b.test')];
  const named = [
    { url: undated, loggedAt: null, fileWrittenAt: '2025-12-31T23:59:00.000Z' },
    { url: old, loggedAt: null, fileWrittenAt: '2025-12-01T00:00:00.000Z' },
  ];
  const olderThan = new Date('2025-12-31T00:00:00.000Z');
  const { told } = await cleared([account], named, { concurrency: 1, olderThan, dryRun: true });
  expect(told.map(({ action, isUndated }) => [action, isUndated])).toEqual([
    ['resumable', true],
    ['would-deactivate', false],
  ]);
});
