import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { letsEncryptLimits } from '../../src/acme/authorities/limits.ts';
import { costOfClosing } from '../../src/clear/closing-cost.ts';
import type { AccountRun } from '../../src/issuance/account-run.ts';
import { authorizationByUrl } from '../../src/ledger/authorizations/authorizations.ts';
import { insertForeignAuthorization } from '../../src/ledger/authorizations/foreign-authorizations.ts';
import { actionsOf, cleared } from '../issuance/found-stage.ts';
import { intentFor } from '../issuance/left-orders.ts';
import { SharedCa, origin } from '../issuance/shared-ca.ts';
import { type TinyWorld, newTinyWorld } from '../issuance/tiny-issuance.ts';

let world: TinyWorld;
let ca: SharedCa;

beforeEach(async () => {
  world = await newTinyWorld();
  ca = new SharedCa();
});

afterEach(() => world.remove());

/** Another run has an order that is about to answer its challenge. */
async function workedOn({ account }: AccountRun, url: string): Promise<void> {
  const other = { ...(await world.startIssuance()), account };
  const order = await intentFor(other, 'a.test');
  const row = await insertForeignAuthorization(other, account.id, url, 'order');
  const { ledger } = world;
  await ledger
    .insertInto('order_authorizations')
    .values({ order_id: order.id, authorization_id: row.id })
    .execute();
  await ledger
    .updateTable('authorizations')
    .set({ challenge: 'presented', challenge_url: `${url}/chall` })
    .where('id', '=', row.id)
    .execute();
}

describe('URLs of several accounts at one server', () => {
  it('are asked of the account whose number they carry, else of one after the other; nothing is asked twice', async () => {
    const accounts = [await ca.issuance(world, 17), await ca.issuance(world, 18)];
    const urls = [
      ca.add(18, 'a.test'),
      ca.add(18, 'b.test', '/acme/authz-v3/4711'),
      ca.add(19, 'c.test'),
      `${origin}/acme/authz/17/999`,
    ];
    const { told } = await cleared(accounts, urls, { concurrency: 1 });
    expect(told.map(({ action, account }) => [action, account?.slice(-2)])).toEqual([
      ['deactivated', '18'],
      ['deactivated', '18'],
      ['foreign', undefined],
      ['gone', '17'],
    ]);
    expect(ca.asked).toEqual([
      '18 show /acme/authz/18/1',
      '18 deactivate /acme/authz/18/1',
      '17 show /acme/authz-v3/4711',
      '18 show /acme/authz-v3/4711',
      '18 deactivate /acme/authz-v3/4711',
      '17 show /acme/authz/19/3',
      '18 show /acme/authz/19/3',
      '17 show /acme/authz/17/999',
    ]);
    ca.asked.length = 0;
    const again = await cleared(accounts, urls);
    expect(actionsOf(again.told)).toEqual(['already-final', 'already-final', 'foreign', 'gone']);
    expect(ca.asked).toEqual([]);
    // An account that wasn't there yet may have it.
    const third = await ca.issuance(world, 19);
    expect(actionsOf((await cleared([...accounts, third], urls)).told)).toContain('deactivated');
    expect(ca.asked).toEqual(['19 show /acme/authz/19/3', '19 deactivate /acme/authz/19/3']);
  });

  it('are asked of the others, too, where one is told 404: it may not be told what is theirs', async () => {
    ca.otherAccount = 404;
    const accounts = [await ca.issuance(world, 17), await ca.issuance(world, 18)];
    const theirs = ca.add(18, 'a.test', '/acme/authz/abc');
    const nobodys = `${origin}/acme/authz/xyz`;
    const [first] = accounts;
    expect(actionsOf((await cleared([first!], [theirs, nobodys])).told)).toEqual(['gone', 'gone']);
    ca.asked.length = 0;
    expect(actionsOf((await cleared(accounts, [theirs, nobodys])).told)).toEqual(['deactivated', 'gone']);
    expect(actionsOf((await cleared(accounts, [theirs, nobodys])).told)).toEqual(['already-final', 'gone']);
    expect(ca.asked.toSorted()).toEqual([
      '18 deactivate /acme/authz/abc',
      '18 show /acme/authz/abc',
      '18 show /acme/authz/xyz',
    ]);
    // Nor is it over in the ledger because another account is told that there is no such thing.
    const kept = ca.add(18, 'b.test', '/acme/authz/def');
    await cleared([accounts[1]!], [kept], { dryRun: true });
    expect(actionsOf((await cleared([first!], [kept])).told)).toEqual(['gone']);
    expect(await authorizationByUrl(world.ledger, kept)).toMatchObject({ status: 'pending' });
  });

  it('orders lead to authorizations, but for those that are past them, and are remembered', async () => {
    const accounts = [await ca.issuance(world, 17), await ca.issuance(world, 18)];
    const open = ca.addOrder(18, [ca.add(18, 'a.test'), ca.add(18, 'b.test')]);
    const failed = ca.addOrder(17, [ca.add(17, 'c.test')], 'invalid');
    const done = ca.addOrder(17, [ca.add(17, 'd.test')], 'valid');
    const lost = `${origin}/acme/order/17/99`;
    const { told } = await cleared(accounts, [open, failed, done, lost]);
    expect(actionsOf(told)).toEqual(['deactivated', 'deactivated', 'deactivated', 'gone']);
    expect(told.find(({ action }) => action === 'gone')?.url).toBe(lost);
    ca.asked.length = 0;
    await cleared(accounts, [open, failed, done, lost]);
    expect(ca.asked).toEqual([]);
  });

  it('a challenge is asked for once, and only when nothing else has led to its authorization', async () => {
    const account = await ca.issuance(world, 17);
    const url = ca.add(17, 'a.test');
    const stray = `${origin}/acme/chall/17/99/x`;
    const { told, end } = await cleared([account], [`${url}/chall`, stray, url]);
    expect(actionsOf(told)).toEqual(['deactivated']);
    expect(end).toMatchObject({ untold: 1, elsewhere: 0 });
    expect(ca.asked.filter((each) => each.includes('challenge'))).toEqual([
      '17 challenge /acme/chall/17/99/x',
    ]);
    ca.asked.length = 0;
    expect((await cleared([account], [`${url}/chall`, stray])).end).toMatchObject({ untold: 1 });
    expect(ca.asked).toEqual([]);
    // Where the URL says it, the CA isn't asked: on some a look at a challenge starts a validation.
    const other = ca.add(17, 'b.test');
    await cleared([account], [`${other}/chall`], { authorizationOf: (each) => each.replace('/chall', '') });
    expect(ca.asked.map((each) => each.split(' ')[1])).toEqual(['show', 'deactivate']);
  });
});

it('challenges are asked for after all else, however many have to be kept until then', async () => {
  const account = await ca.issuance(world, 17);
  const strays = Array.from({ length: 251 }, (_, id) => `${origin}/acme/chall/17/${1_000 + id}/x`);
  await cleared([account], [...strays, ca.add(17, 'a.test')], { concurrency: 1 });
  const last = strays.map((each) => `17 challenge ${new URL(each).pathname}`);
  expect(ca.asked).toEqual(['17 show /acme/authz/17/1', '17 deactivate /acme/authz/17/1', ...last]);
});

describe('what is left alone', () => {
  it('is what its own client has answered, and what is younger than asked for', async () => {
    const account = await ca.issuance(world, 17);
    const answered = ca.add(17, 'a.test');
    ca.authorizations.get(answered)!.challenge = 'processing';
    const [old, young] = [ca.add(17, 'b.test'), ca.add(17, 'c.test')];
    const { told } = await cleared(
      [account],
      [
        { url: answered, loggedAt: '2025-12-01T00:00:00.000Z' },
        { url: old, loggedAt: '2025-12-01T00:00:00.000Z' },
        { url: young, loggedAt: '2025-12-31T23:00:00.000Z' },
      ],
      { olderThan: new Date('2025-12-31T00:00:00.000Z') },
    );
    expect(told.map(({ identifier, action }) => `${identifier ?? '?'} ${action}`).sort()).toEqual([
      'a.test resumable',
      'b.test deactivated',
      'c.test resumable',
    ]);
  });

  it('is what a live run works on under another URL', async () => {
    const account = await ca.issuance(world, 17);
    const [own, alias] = [ca.add(17, 'a.test'), `${origin}/acme/authz-v3/1`];
    ca.aliases.set(alias, own);
    await workedOn(account, own);
    for (const dryRun of [true, false]) {
      expect((await cleared([account], [alias], { dryRun })).told).toMatchObject([
        { url: alias, action: 'resumable', reason: expect.stringMatching(/worked on/) as string },
      ]);
    }
    expect(await authorizationByUrl(world.ledger, alias)).toBeUndefined();
    expect(ca.authorizations.get(own)?.status).toBe('pending');
  });

  it("is what would use up a name's failed validations, as the dry run said before", async () => {
    const account = await ca.issuance(world, 17, { limits: letsEncryptLimits });
    const urls = Array.from({ length: 7 }, () => ca.add(17, 'busy.test'));
    urls.push(ca.add(17, 'calm.test'));
    const dry = await cleared([account], urls, { dryRun: true });
    expect(new Set(actionsOf(dry.told))).toEqual(new Set(['would-deactivate']));
    const { told: dryTold } = await cleared([account], urls, { dryRun: true, method: 'submit' });
    expect(dryTold[0]).toMatchObject({ action: 'would-submit', reason: 'http-01, which nobody answers' });
    const cost = await costOfClosing(
      account,
      new Map([
        ['busy.test', 7],
        ['calm.test', 1],
      ]),
      'deactivate',
    );
    expect(cost).toEqual({
      authorizations: 8,
      requests: 8,
      failedValidations: 8,
      later: [{ name: 'busy.test', pending: 7, now: 4, doneAt: new Date('2026-01-01T00:36:00.000Z') }],
    });
    const { told, end } = await cleared([account], urls);
    expect(actionsOf(told)).toEqual([
      ...Array<string>(5).fill('deactivated'),
      ...Array<string>(3).fill('resumable'),
    ]);
    const left = told.filter(({ action }) => action === 'resumable');
    for (const { retryAt } of left) expect(retryAt).toEqual(new Date('2026-01-01T00:12:00.000Z'));
    expect(end.ends).toEqual([]);
    world.clock.pass(36 * 60_000);
    expect(actionsOf((await cleared([account], urls)).told)).not.toContain('resumable');
  });

  it('is what would bring a name near to as many failures in a row as pause it', async () => {
    const allowances = {
      ...letsEncryptLimits.allowances,
      'failures-in-a-row': { max: 3, periodMs: 3 * 86_400_000 },
    };
    const account = await ca.issuance(world, 17, { limits: { ...letsEncryptLimits, allowances } });
    const urls = Array.from({ length: 3 }, () => ca.add(17, 'dead.test'));
    const cost = await costOfClosing(account, new Map([['dead.test', 3]]), 'deactivate');
    expect(cost.later).toEqual([
      { name: 'dead.test', pending: 3, now: 2, doneAt: new Date('2026-01-02T00:00:00.000Z') },
    ]);
    const { told } = await cleared([account], urls);
    expect(actionsOf(told)).toEqual(['deactivated', 'deactivated', 'resumable']);
    const left = told.find(({ action }) => action === 'resumable');
    expect(left?.retryAt).toEqual(new Date('2026-01-02T00:00:00.000Z'));
  });

  it('is everything of an account whose CA asks for patience; other accounts go on', async () => {
    const [account, other] = [await ca.issuance(world, 17), await new SharedCa().issuance(world, 18)];
    const urls = Array.from({ length: 9 }, (_, number) => ca.add(17, `${number}.test`));
    ca.patience = 3;
    const { told, end } = await cleared([account, other], urls, { concurrency: 1 });
    expect(told.filter(({ action }) => action === 'deactivated')).toHaveLength(3);
    expect(told.at(-1)).toMatchObject({ action: 'resumable', retryAt: new Date('2026-01-01T06:00:00.000Z') });
    expect(end.ends).toMatchObject([{ end: { code: 'ca-limit' } }]);
    expect(end.notAsked).toBe(5);
    expect(told).toHaveLength(4);
  });
});

describe('a log with very many URLs', () => {
  it('is read as fast as they are dealt with, whatever it holds', async () => {
    const account = await ca.issuance(world, 17);
    let [own, ahead] = [0, 0];
    function* many(): Generator<string> {
      for (let number = 0; number < 1_500; number += 1) {
        if (number % 3 !== 0) {
          yield `https://elsewhere.test/acme/authz/17/${number}`;
          continue;
        }
        own += 1;
        const isDealtWith = ca.asked.filter((each) => each.includes('deactivate')).length;
        ahead = Math.max(ahead, own - isDealtWith);
        yield ca.add(17, 'a.test');
      }
    }
    const { told, end } = await cleared([account], many());
    expect(told).toHaveLength(500);
    expect(end.elsewhere).toBe(1_000);
    // One look into the ledger is for 250 of them.
    expect(ahead).toBeLessThan(260);
  });
});
