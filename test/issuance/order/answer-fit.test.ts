import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Authorization } from '../../../src/acme/objects/resources.ts';
import { type Identifier, comparableName, parseNames } from '../../../src/identifiers.ts';
import { assertAuthorizationsFit, isMisfit } from '../../../src/issuance/order/answer-fit.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { orderById } from '../../../src/ledger/orders/orders.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;
let run: RunningIssuance;

beforeEach(async () => {
  world = await newTinyWorld();
  run = await world.startIssuance();
});

afterEach(() => world.remove());

async function admitted(...names: string[]) {
  const identifiers = parseNames(names);
  const admission = { certificateName: names[0]!, identifiers, profile: null, waitMs: 0 };
  return { order: await admit(run, admission), identifiers };
}

/** The CA answers newOrder with these names instead of those that were asked for. */
async function placedAs(asked: string[], told: string[]) {
  const before = run.session;
  const identifiers = told.map((value): Identifier => ({ type: 'dns', value }));
  run.session = {
    ...before,
    newOrder: async (order, signal) => ({ ...(await before.newOrder(order, signal)), identifiers }),
  };
  const one = await admitted(...asked);
  const outcome = await placeOrder(run, one.order, one.identifiers).catch((error: unknown) => error);
  return { outcome, orderId: one.order.order.id };
}

describe('the names of an order', () => {
  it.each([
    ['another name', ['x.test', 'b.test']],
    ['one fewer', ['a.test']],
    ['one more', ['a.test', 'b.test', 'c.test']],
    ['one twice', ['a.test', 'b.test', 'b.test']],
  ])(
    'are those that were asked for: with %s the order is given up, and what it opened closed',
    async (_, told) => {
      const { outcome, orderId } = await placedAs(['a.test', 'b.test'], told);
      expect(outcome).toMatchObject({ code: 'ca-answer' });
      expect(isMisfit(outcome)).toBe(true);
      const row = await orderById(run.ledger, orderId);
      expect(row).toMatchObject({ status: 'abandoned', reserved: 0, url: 'https://ca.test/order/1' });
      await settleOrder(run, row!, { policy: 'resume', verdictsUntil: run.clock.now() });
      expect(world.ca.deactivated.sort()).toEqual(['a.test', 'b.test']);
    },
  );

  it('may stand in another order', async () => {
    const { outcome } = await placedAs(['a.test', 'b.test'], ['b.test', 'a.test']);
    expect(outcome).toMatchObject({ answer: { status: 'pending' } });
  });
});

describe('the authorizations of an order', () => {
  async function shown(asked: string[], told: [string, Authorization['status']?][]) {
    const { order, identifiers } = await admitted(...asked);
    const placed = await placeOrder(run, order, identifiers);
    const authorizations = told.map(([value, status = 'pending']): Authorization => ({
      url: `https://ca.test/authz/${value}`,
      status,
      expiresAt: null,
      identifier: { type: 'dns', value },
      wildcard: false,
      challenges: [],
    }));
    return assertAuthorizationsFit(run, placed!.row, authorizations).then(
      () => 'fit',
      (error: unknown) => (error as Error).message,
    );
  }

  it('may not be for a path', async () => {
    expect(await shown(['a.test'], [['../../..']])).toContain('which nobody asked for');
  });

  it('may not be two for one name', async () => {
    expect(await shown(['a.test', 'b.test'], [['a.test'], ['a.test']])).toContain(
      'more of its authorizations',
    );
  });

  it('may be for the domain of a wildcard, once for each that was asked for', async () => {
    expect(await shown(['*.a.test', 'a.test'], [['a.test'], ['a.test']])).toBe('fit');
  });

  it('may be for something above when they are valid: nothing is put up for them', async () => {
    expect(await shown(['w.a.test'], [['a.test', 'valid']])).toBe('fit');
  });
});

describe('the form in which names are compared', () => {
  it.each([
    ['A.Test.', 'a.test'],
    ['*.BÜCHER.test', '*.xn--bcher-kva.test'],
    ['2001:DB8:0::1', '2001:db8::1'],
    ['../..', '../.'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
  ])('of %s is %s', (name, form) => expect(comparableName(name)).toBe(form));
});
