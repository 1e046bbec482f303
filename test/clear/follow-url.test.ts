import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cleared } from '../issuance/found-stage.ts';
import { SharedCa, origin } from '../issuance/shared-ca.ts';
import { type TinyWorld, newTinyWorld } from '../issuance/tiny-issuance.ts';

let world: TinyWorld;
let ca: SharedCa;

beforeEach(async () => {
  world = await newTinyWorld();
  ca = new SharedCa();
});

afterEach(() => world.remove());

describe('a URL that other clients wrote', () => {
  it('is asked for as it is written; where punctuation may be part of it, with that after a 404', async () => {
    const account = await ca.issuance(world, 17);
    const [slash, dot] = [ca.add(17, 'a.test', '/acme/1/authz/aBc/'), ca.add(17, 'b.test', '/acme/authz/b.')];
    const sentence = ca.add(17, 'c.test', '/acme/authz/c');
    const { told } = await cleared(
      [account],
      [
        slash,
        { url: dot.slice(0, -1), written: dot },
        { url: sentence, written: `${sentence}.` },
        { url: `${origin}/acme/authz/d`, written: `${origin}/acme/authz/d.` },
        { url: `${origin}/acme/authz/e`, written: `${origin}/acme/authz/e?x=1` },
      ],
      { concurrency: 1 },
    );
    expect(told.map(({ url, action }) => [new URL(url).pathname + new URL(url).search, action])).toEqual([
      ['/acme/1/authz/aBc/', 'deactivated'],
      ['/acme/authz/b.', 'deactivated'],
      ['/acme/authz/c', 'deactivated'],
      // What nobody wrote isn't told.
      ['/acme/authz/d.', 'gone'],
      ['/acme/authz/e?x=1', 'gone'],
    ]);
    expect(ca.asked.filter((each) => each.includes('show'))).toEqual([
      '17 show /acme/1/authz/aBc/',
      '17 show /acme/authz/b',
      '17 show /acme/authz/b.',
      '17 show /acme/authz/c',
      '17 show /acme/authz/d',
      '17 show /acme/authz/d.',
      '17 show /acme/authz/e',
    ]);
    ca.asked.length = 0;
    await cleared([account], [{ url: dot.slice(0, -1), written: dot }, { url: `${origin}/acme/authz/d` }]);
    expect(ca.asked).toEqual([]);
  });

  it('is what the CA says that it is, whatever its words say, and asked for once', async () => {
    const account = await ca.issuance(world, 17);
    const below = ca.add(17, 'a.test', '/acme/order/O/auth/A');
    const order = ca.addOrder(17, [ca.add(17, 'b.test')]);
    const list = `${origin}/acme/orders/17`;
    ca.lists.add(list);
    const { told, end } = await cleared(
      [account],
      [
        { url: below, resource: 'order' },
        { url: order, resource: 'authorization' },
        { url: list, resource: 'order' },
      ],
      { concurrency: 1 },
    );
    expect(told.map(({ identifier, action }) => `${identifier ?? '?'} ${action}`)).toEqual([
      'a.test deactivated',
      'b.test deactivated',
    ]);
    expect(end).toMatchObject({ untold: 0, elsewhere: 0, notAsked: 0 });
    expect(ca.asked).toEqual([
      '17 show /acme/order/O/auth/A',
      '17 deactivate /acme/order/O/auth/A',
      '17 order /acme/order/17/1',
      '17 show /acme/authz/17/2',
      '17 deactivate /acme/authz/17/2',
      '17 list /acme/orders/17',
    ]);
  });
});
