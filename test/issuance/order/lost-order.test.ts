import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { findLost } from '../../../src/issuance/order/lost-order.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { orderById, releaseOrder } from '../../../src/ledger/orders/orders.ts';
import { type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

/** What the ledger holds of an intent after it was looked for in a list, so long after it was written down. */
async function lookedFor(listed: string[], minutes: number) {
  const run = await world.startIssuance();
  const identifiers = parseNames(['a.test']);
  const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };
  const { order } = await admit(run, admission);
  world.clock.pass(minutes * 60_000);
  run.session.listOrders = () => Promise.resolve(pagesOf(listed));
  run.session.getOrder = () =>
    Promise.reject(new AcmeLedgerError('ca-problem', 'no such order', { httpStatus: 404 }));
  expect(await findLost(run, order, identifiers)).toBeNull();
  const row = await orderById(run.ledger, order.id);
  return { status: row?.status, reserved: row?.reserved };
}

async function* pagesOf(urls: string[]): AsyncGenerator<string> {
  await Promise.resolve();
  yield* urls;
}

describe('an order that is not in the list of the account', () => {
  it('is ruled out when it can not be under way any more', async () => {
    expect(await lookedFor([], 6)).toEqual({ status: 'abandoned', reserved: 0 });
  });

  it('is counted while it may still be under way', async () => {
    expect(await lookedFor([], 4)).toEqual({ status: 'abandoned', reserved: 1 });
  });

  it('is ruled out at once when the CA itself told that it broke on it', async () => {
    const run = await world.startIssuance();
    const identifiers = parseNames(['a.test']);
    const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };
    const { order } = await admit(run, admission);
    run.session.listOrders = () => Promise.resolve(pagesOf([]));
    expect(await findLost(run, order, identifiers, { isAnswered: true })).toBeNull();
    expect(await orderById(run.ledger, order.id)).toMatchObject({ status: 'abandoned', reserved: 0 });
  });

  it('is counted when one of the list is forgotten by the CA: its authorizations may outlive it', async () => {
    expect(await lookedFor(['https://ca.test/order/9'], 6)).toEqual({ status: 'abandoned', reserved: 1 });
  });
});

describe('a lost order at a CA that hands the same order back', () => {
  const identifiers = parseNames(['a.test']);
  const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };

  it('is asked for again', async () => {
    const run = await world.startIssuance({ policy: 'resume' });
    const { order } = await admit(run, admission);
    expect(await findLost(run, order, identifiers)).toMatchObject({ answer: { status: 'pending' } });
  });

  it('is counted, and not asked for, when one for the same names has failed: the CA would make yet another', async () => {
    const run = await world.startIssuance({ policy: 'resume' });
    const first = await placeOrder(run, await admit(run, admission), identifiers);
    await releaseOrder(run, first!.row.id, { status: 'invalid', keptUntil: null });
    const { order } = await admit(run, admission);
    run.session.newOrder = () => Promise.reject(new Error('asked for again'));
    expect(await findLost(run, order, identifiers)).toBeNull();
    expect(await orderById(run.ledger, order.id)).toMatchObject({ status: 'abandoned', reserved: 1 });
  });
});

describe('a lost order that said what it replaces', () => {
  it('is asked for without that when the CA breaks on it again', async () => {
    const run = await world.startIssuance({ policy: 'resume' });
    const identifiers = parseNames(['a.test']);
    const admission = {
      certificateName: 'a.test',
      identifiers,
      profile: null,
      replaces: 'aki.serial',
      waitMs: 0,
    };
    const { order } = await admit(run, admission);
    const { session } = run;
    run.session = {
      ...session,
      newOrder: (asked, signal) =>
        asked.replaces === undefined
          ? session.newOrder(asked, signal)
          : Promise.reject(new AcmeLedgerError('ca-problem', 'no such certificate', { httpStatus: 500 })),
    };
    expect(await findLost(run, order, identifiers)).toMatchObject({ answer: { status: 'pending' } });
  });
});

describe('a CA that breaks on what an order replaces', () => {
  const identifiers = parseNames(['a.test']);
  const problem = { type: 'about:blank', detail: 'oops', status: 500, subproblems: [] };
  const admission = {
    certificateName: 'a.test',
    identifiers,
    profile: null,
    replaces: 'aki.serial',
    waitMs: 0,
  };

  async function placedAt(error: AcmeLedgerError, list: string[] | null) {
    const run = await world.startIssuance();
    const { session } = run;
    run.session = {
      ...session,
      newOrder: (asked, signal) =>
        asked.replaces === undefined ? session.newOrder(asked, signal) : Promise.reject(error),
      listOrders: () => Promise.resolve(list === null ? null : pagesOf(list)),
    };
    return placeOrder(run, await admit(run, admission), identifiers);
  }

  it('is asked without it at once, where its list of orders shows that it has made none', async () => {
    const broken = new AcmeLedgerError('ca-problem', 'oops', { problem });
    expect(await placedAt(broken, [])).toMatchObject({ answer: { status: 'pending' } });
  });

  it.each([
    { what: 'there is no list', error: new AcmeLedgerError('ca-problem', 'oops', { problem }), list: null },
    {
      what: 'something else broke on the way',
      error: new AcmeLedgerError('ca-answer', 'HTTP 502', { httpStatus: 502 }),
      list: [],
    },
    {
      what: 'it may have made one',
      error: new AcmeLedgerError('ca-problem', 'oops', { problem }),
      list: ['https://ca.test/order/7'],
    },
  ])('is not asked again where $what', async ({ error, list }) => {
    await expect(placedAt(error, list)).rejects.toBe(error);
    expect(world.ca.newOrders).toBe(0);
  });

  it('is not asked again after a look at a list that may be older than what broke', async () => {
    const run = await world.startIssuance();
    const broken = new AcmeLedgerError('ca-problem', 'oops', { problem });
    let asked = 0;
    const newOrder = (): Promise<never> => {
      asked += 1;
      return Promise.reject(broken);
    };
    run.session = { ...run.session, newOrder };
    run.listOrders = () => Promise.resolve(pagesOf([]));
    await expect(placeOrder(run, await admit(run, admission), identifiers)).rejects.toBe(broken);
    expect(asked).toBe(1);
  });
});
