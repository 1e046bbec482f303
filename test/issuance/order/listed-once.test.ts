import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseNames } from '../../../src/identifiers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { listedOnce } from '../../../src/issuance/order/listed-once.ts';
import { settleUnowned } from '../../../src/issuance/order/unowned-orders.ts';
import { gateCount } from '../../../src/ledger/authorizations/gate-count.ts';
import { passingClock } from '../passing-clock.ts';
import { type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

it.each([
  { takes: 'no time', betweenMs: 0, looks: 1 },
  { takes: 'its time', betweenMs: 11_000, looks: 3 },
])(
  'is what lost orders are looked for in, one after the other: $looks where it takes $takes',
  async (given) => {
    const dead = await world.startIssuance();
    for (const name of ['a.test', 'b.test', 'c.test']) {
      const identifiers = parseNames([name]);
      await admit(dead, { certificateName: name, identifiers, profile: null, waitMs: 0 });
    }
    await dead.die();
    world.clock.pass(86_400_000);
    let looks = 0;
    async function* passing(): AsyncIterable<string> {
      looks += 1;
      await Promise.resolve();
      world.clock.pass(given.betweenMs);
      yield* [];
    }
    const run = await world.startIssuance();
    run.session.listOrders = () => Promise.resolve(passing());
    await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
    const { ledger, account, clock } = run;
    expect((await gateCount(ledger, account.id, clock.now())).reserved).toBe(0);
    expect(looks).toBe(given.looks);
  },
);

it('is asked for again where it was not gone through to its end', async () => {
  let looks = 0;
  async function* pages(): AsyncIterable<string> {
    looks += 1;
    await Promise.resolve();
    yield* ['one', 'two'];
  }
  const listOrders = listedOnce({ listOrders: () => Promise.resolve(pages()) }, passingClock());
  for await (const url of (await listOrders()) ?? []) if (url === 'one') break;
  const seen: string[] = [];
  for (let look = 0; look < 2; look += 1) for await (const url of (await listOrders()) ?? []) seen.push(url);
  expect({ looks, seen }).toEqual({ looks: 2, seen: ['one', 'two', 'one', 'two'] });
});
