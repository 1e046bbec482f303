import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { letsEncryptLimits } from '../../../src/acme/authorities/limits.ts';
import { recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { insertForeignAuthorization } from '../../../src/ledger/authorizations/foreign-authorizations.ts';
import { removeFullBuckets } from '../../../src/ledger/limits/limit-buckets.ts';
import type { OrderRow } from '../../../src/ledger/schema.ts';
import { BoulderModel } from '../boulder-model.ts';
import { newSpendingWorld, type SpendingWorld } from '../spending-world.ts';

const week = 7 * 86_400;

describe('what an order spends', () => {
  it('is a new order, given back when the CA made none of it', async () => {
    const world = await newSpendingWorld();
    for (const name of ['a.test', 'b.test', 'c.test', 'd.test', 'e.test']) await world.intend([name]);
    const last = await world.intend(['f.test']);
    expect(await world.against(['g.test'])).toEqual(['new-orders', 100]);
    await world.refused(last);
    expect(await world.against(['g.test'])).toBe(null);
    // `renew` leaves half of them here to `issue`.
    expect(await world.against(['g.test'], { leavesReserve: true })).toEqual(['new-orders', 300]);
  });

  it('is a certificate of each domain and of the set, promised with the intent and counted from its issuance', async () => {
    const world = await newSpendingWorld();
    const one = await world.answered((await world.intend(['a.shop.test'])).order);
    const two = await world.answered((await world.intend(['b.shop.test', 'x.other.test'])).order);
    const three = await world.answered((await world.intend(['c.shop.test'])).order);
    world.clock.pass(week * 1000);
    // However long they take: what is promised doesn't come back with time.
    expect(await world.against(['d.shop.test'])).toEqual(['certificates-per-domain', 1_000]);
    expect(await world.against(['d.other.test'])).toBe(null);
    await world.givenUp(one);
    expect(await world.against(['d.shop.test'])).toBe(null);
    await world.issued(two);
    await world.issued(three);
    expect(await world.against(['d.shop.test'])).toBe(null);
    await world.issued(await world.answered((await world.intend(['d.shop.test'])).order));
    expect(await world.against(['e.shop.test'])).toEqual(['certificates-per-domain', 1_000]);
  });

  it('is forgotten a day after all of it came back, as long as nothing of it is promised', async () => {
    const world = await newSpendingWorld();
    const known = async (): Promise<string[]> =>
      (await world.ledger.selectFrom('limit_buckets').select('subject').orderBy('id').execute())
        .map(({ subject }) => subject)
        .sort();
    const issued = await world.answered((await world.intend(['a.shop.test'])).order);
    await world.issued(issued);
    const { order: open } = await world.intend(['b.other.test']);
    const all = ['', 'a.shop.test', 'b.other.test', 'other.test', 'shop.test'];
    // The last token of the domain comes back in 1,000 seconds, that of the set in 1,500.
    world.clock.pass(86_400_000 + 1_000_000);
    await removeFullBuckets(world);
    expect(await known()).toEqual(all.filter((subject) => subject !== ''));
    world.clock.pass(500_001);
    await removeFullBuckets(world);
    expect(await known()).toEqual(['b.other.test', 'other.test']);
    await world.givenUp(open);
    await removeFullBuckets(world);
    expect(await known()).toEqual([]);
    expect(await world.against(['c.shop.test'])).toBe(null);
  });

  it('is less for names that had a certificate, and nothing that is refused for a replacement in its window', async () => {
    const world = await newSpendingWorld();
    const issue = async (...names: string[]) =>
      world.issued(await world.answered((await world.intend(names)).order));
    await issue('a.shop.test');
    for (const name of ['b', 'c']) await issue(`${name}.shop.test`);
    for (const name of ['d', 'e', 'f']) await world.intend([`${name}.test`]);
    expect(await world.against(['n.shop.test'])).toEqual(['certificates-per-domain', 1_000]);
    expect(await world.against(['a.shop.test'])).toBe(null);
    await issue('a.shop.test');
    expect(await world.against(['a.shop.test'])).toEqual(['certificates-per-set', 1_500]);
    expect(await world.against(['a.shop.test'], { replacesInWindow: true })).toBe(null);
    await issue('c.shop.test');
    world.clock.pass(114 * 86_400_000);
    for (const name of ['g', 'h', 'i']) await issue(`${name}.shop.test`);
    expect(await world.against(['c.shop.test'])).toEqual(['certificates-per-domain', 1_000]);
  });

  it('is what the CA found invalid or deactivated of a name, until it comes back; a success ends the failures in a row', async () => {
    const world = await newSpendingWorld();
    const order = async (...names: string[]) => world.answered((await world.intend(names)).order);
    const fail = async (name: string, status: 'invalid' | 'deactivated') => {
      const row = await order(name);
      await world.verdict(row, name, status);
      // Seen once more, it isn't another failure.
      await world.verdict(row, name, status);
      await world.givenUp(row);
    };
    await fail('*.a.test', 'invalid');
    await fail('*.a.test', 'deactivated');
    expect(await world.against(['ok.test', '*.a.test'])).toEqual(['failed-authorizations', 100]);
    expect(await world.against(['a.test'])).toBe(null);
    world.clock.pass(200_000);
    await fail('*.a.test', 'invalid');
    await fail('*.a.test', 'invalid');
    world.clock.pass(600_000);
    expect(await world.against(['*.a.test'])).toEqual(['failures-in-a-row', 99_200]);
    await world.verdict(await order('*.a.test', 'b.test'), '*.a.test', 'valid');
    expect(await world.against(['*.a.test'])).toBe(null);
  });

  it('is nothing for an authorization of others that is met when it is over', async () => {
    const world = await newSpendingWorld();
    const url = 'https://ca.test/authz/other';
    await insertForeignAuthorization(world, world.account.id, url, 'discovered');
    const identifier = { type: 'dns', value: 'a.test', wildcard: false };
    await recordSeen(world, [{ url, status: 'invalid', identifier, expiresAt: null }]);
    expect(await world.ledger.selectFrom('limit_buckets').selectAll().execute()).toEqual([]);
  });

  it('is counted on when the clock went back: as much is used as then', async () => {
    const world = await newSpendingWorld();
    for (const name of ['a.test', 'b.test', 'c.test', 'd.test', 'e.test', 'f.test'])
      await world.intend([name]);
    world.clock.pass(-86_400_000);
    expect(await world.against(['g.test'])).toEqual(['new-orders', 100]);
    world.clock.pass(100_000);
    await world.intend(['g.test']);
    expect(await world.against(['h.test'])).toEqual(['new-orders', 100]);
  });

  it("is at Let's Encrypt's limits", async () => {
    const world = await newSpendingWorld(letsEncryptLimits);
    for (let issued = 0; issued < 50; issued += 1) {
      const names = [`${String(issued)}.shop.test`];
      expect(await world.against(names)).toBe(null);
      await world.issued(await world.answered((await world.intend(names)).order));
    }
    expect(await world.against(['50.shop.test'])).toEqual(['certificates-per-domain', (7 * 86_400) / 50]);
  });
});

const sets = [['a.one.test'], ['b.one.test'], ['a.one.test', 'c.two.test'], ['c.two.test'], ['*.one.test']];

const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ act: fc.constant('order' as const), which: fc.nat(4) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        act: fc.constantFrom('issue' as const, 'fail' as const, 'give up' as const, 'prove' as const),
        which: fc.nat(4),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        act: fc.constant('rest' as const),
        which: fc.constantFrom(20, 90, 400, 2_000),
      }),
    },
  ),
  { minLength: 30, maxLength: 60 },
);

it(
  'never lets an order through that Boulder would refuse, whatever comes of the orders',
  { timeout: 30_000 },
  async () => {
    const seen = { admitted: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(steps, async (given) => {
        const world = await newSpendingWorld();
        const ca = new BoulderModel(world.limits);
        const open: { order: OrderRow; names: string[] }[] = [];
        for (const { act, which } of given) {
          const nowMs = world.clock.now().getTime();
          if (act === 'rest') world.clock.pass(which * 1_000);
          else if (act === 'order') await order(world, ca, open, sets[which]!, seen);
          else {
            const [one] = open.splice(which, 1);
            if (one === undefined) continue;
            const [name = ''] = one.names;
            if (act === 'fail') await world.verdict(one.order, name, 'invalid');
            if (act === 'prove') await world.verdict(one.order, name, 'valid');
            if (act === 'issue') await world.issued(one.order);
            else await world.givenUp(one.order);
            if (act === 'fail') ca.fail(name, nowMs);
            if (act === 'prove') ca.prove(name);
            if (act === 'issue') ca.issue(one.names, nowMs);
          }
        }
        await world.ledger.destroy();
      }),
      { numRuns: 20 },
    );
    expect(seen.admitted).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(20);
  },
);

async function order(
  world: SpendingWorld,
  ca: BoulderModel,
  open: { order: OrderRow; names: string[] }[],
  names: string[],
  seen: { admitted: number; refused: number },
): Promise<void> {
  if (open.some((one) => one.names === names)) return;
  if ((await world.against(names)) !== null) {
    seen.refused += 1;
    return;
  }
  seen.admitted += 1;
  expect(ca.newOrder(names, world.clock.now().getTime())).toEqual([]);
  const { order } = await world.intend(names);
  open.push({ order: await world.answered(order), names });
}
