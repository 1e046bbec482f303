import { rawDatabase } from '../../support/raw-database.ts';
import { describe, expect, it } from 'vitest';
import {
  recordFinalizeSent,
  orderById,
  recordOrderAnswer,
  releaseOrder,
} from '../../../src/ledger/orders/orders.ts';
import { liveOrderFor } from '../../../src/ledger/orders/intents.ts';
import { takeOver } from '../../../src/ledger/orders/order-ownership.ts';
import { recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { eventsOf } from '../../../src/ledger/events.ts';
import { listOrders } from '../../../src/ledger/orders/order-queries.ts';
import { unsettledOrders } from '../../../src/ledger/orders/unsettled-orders.ts';
import { inTransaction } from '../../../src/ledger/writer.ts';
import { anIntent, anOrder, answerOf, newLedger, noon } from '../new-ledger.ts';

describe('one order for one set of names', () => {
  it('is all that may be open on an account', async () => {
    const made = await newLedger();
    await anIntent(made, made.account, ['a.test', 'b.test']);
    await expect(anIntent(made, made.account, ['b.test', 'a.test'])).rejects.toMatchObject({
      message: /UNIQUE constraint failed/,
    });
    await anIntent(made, made.account, ['a.test']);
    expect(await listOrders(made.ledger, {})).toHaveLength(2);
  });

  it('may be followed by another once it is concluded', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    await releaseOrder(made, order.id, { status: 'abandoned' });
    expect(await liveOrderFor(made.ledger, made.account.id, 'a.test', '')).toBeUndefined();
    const next = await anIntent(made, made.account, ['a.test']);
    expect(await liveOrderFor(made.ledger, made.account.id, 'a.test', '')).toMatchObject({ id: next.id });
  });

  it('stays the one while its certificate is not stored', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    await recordOrderAnswer(made, order, answerOf(order, { status: 'valid' }));
    await releaseOrder(made, order.id, {});
    await expect(anIntent(made, made.account, ['a.test'])).rejects.toMatchObject({ code: 'ledger-failed' });
    expect(await unsettledOrders(made.ledger, made.account.id, noon)).toMatchObject([{ id: order.id }]);
  });
});

describe('an order that another run has taken over', () => {
  it('is nothing that this run can write any more', async () => {
    const made = await newLedger();
    const { order, authorizationIds } = await anOrder(made, made.account, ['a.test']);
    expect(await takeOver(made.other, order, () => false)).toBe(true);
    const before = await made.ledger.selectFrom('events').selectAll().execute();
    const busy = { code: 'busy', message: `order ${order.id} was taken over by another run` };
    await expect(recordOrderAnswer(made, order, answerOf(order, { status: 'ready' }))).rejects.toMatchObject(
      busy,
    );
    await expect(recordFinalizeSent(made, order.id, 'csr')).rejects.toMatchObject(busy);
    const challenge = {
      authorizationId: authorizationIds[0] ?? 0,
      type: 'http-01',
      url: 'https://ca.test/chall',
    };
    await expect(recordSubmitting(made, order.id, [challenge])).rejects.toMatchObject(busy);
    await releaseOrder(made, order.id, { status: 'abandoned' });
    expect(await orderById(made.ledger, order.id)).toMatchObject({ run_id: 'run-2', status: 'pending' });
    expect(await made.ledger.selectFrom('events').selectAll().execute()).toEqual(before);
  });

  it('was taken by one of two who saw the same owner', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    await releaseOrder(made, order.id, {});
    const seen = await orderById(made.ledger, order.id);
    const taken = await Promise.all([
      takeOver(made, seen ?? order, () => false),
      takeOver(made.other, seen ?? order, () => false),
    ]);
    expect(taken.sort()).toEqual([false, true]);
    const events = await eventsOf(made.ledger, { orderId: order.id });
    expect(events.filter((event) => event.kind === 'order-taken-over')).toHaveLength(1);
  });
});

describe('the answer of the CA', () => {
  it('ends the reservation in the same moment as its authorizations are rows', async () => {
    const made = await newLedger();
    const intent = await anIntent(made, made.account, ['a.test', 'b.test']);
    expect(intent).toMatchObject({ status: 'intent', reserved: 2, url: null });
    const row = await recordOrderAnswer(made, intent, answerOf(intent));
    expect(row).toMatchObject({ status: 'pending', reserved: 0 });
    const rows = await made.ledger.selectFrom('authorizations').selectAll().execute();
    expect(rows).toMatchObject([
      { status: 'pending', challenge: 'none', identifier: null, expires_at: null },
      { status: 'pending', challenge: 'none', identifier: null, expires_at: null },
    ]);
  });

  it('shows authorizations that another order has: they are shared, and not written anew', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    const intent = await anIntent(made, made.account, ['a.test', 'b.test']);
    const shared = answerOf(order).authorizationUrls;
    const answer = answerOf(intent, { authorizationUrls: [...shared, 'https://ca.test/authz/new'] });
    await recordOrderAnswer(made, intent, answer);
    expect(await made.ledger.selectFrom('authorizations').selectAll().execute()).toHaveLength(2);
    expect(await made.ledger.selectFrom('order_authorizations').selectAll().execute()).toHaveLength(3);
  });

  it('that is older than one before moves nothing back, and the certificate URL stays known', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    const certificateUrl = 'https://ca.test/cert/1';
    await recordOrderAnswer(made, order, answerOf(order, { status: 'valid', certificateUrl }));
    const row = await recordOrderAnswer(made, order, answerOf(order, { status: 'pending' }));
    expect(row).toMatchObject({ status: 'valid', certificate_url: certificateUrl });
  });
});

describe('a reservation', () => {
  it('stays when the answer was lost for good, and goes with any other end', async () => {
    const made = await newLedger();
    const lost = await anIntent(made, made.account, ['a.test', 'b.test']);
    await releaseOrder(made, lost.id, { status: 'abandoned', keepReserved: true });
    expect(await orderById(made.ledger, lost.id)).toMatchObject({ reserved: 2, status: 'abandoned' });
    const refused = await anIntent(made, made.account, ['a.test', 'b.test']);
    await releaseOrder(made, refused.id, { status: 'invalid' });
    expect(await orderById(made.ledger, refused.id)).toMatchObject({ reserved: 0, status: 'invalid' });
  });
});

describe('a transaction', () => {
  it('that breaks in the middle leaves nothing', async () => {
    const made = await newLedger();
    const before = await made.ledger.selectFrom('events').selectAll().execute();
    const broken = inTransaction(made, async (tx) => {
      await anIntent(tx, made.account, ['a.test']);
      await anIntent(tx, made.account, ['b.test']);
      throw new Error('the end');
    });
    await expect(broken).rejects.toThrow('the end');
    expect(await listOrders(made.ledger, {})).toEqual([]);
    expect(await made.ledger.selectFrom('events').selectAll().execute()).toEqual(before);
  });

  it('that the database breaks leaves nothing', async () => {
    const made = await newLedger();
    const intent = await anIntent(made, made.account, ['a.test']);
    // The order's row is updated first; then its authorizations fail.
    const wrong = answerOf(intent, { authorizationUrls: [null as unknown as string] });
    await expect(recordOrderAnswer(made, intent, wrong)).rejects.toMatchObject({ code: 'ledger-failed' });
    expect(await orderById(made.ledger, intent.id)).toMatchObject({
      status: 'intent',
      url: null,
      reserved: 1,
    });
  });

  it('is not seen by anybody before it is over, and by everybody from then on', async () => {
    const made = await newLedger();
    const reader = rawDatabase(made.file, { readonly: true });
    const count = () => reader.prepare('select count(*) as orders from orders').get();
    await inTransaction(made, async (tx) => {
      await anIntent(tx, made.account, ['a.test']);
      expect(count()).toEqual({ orders: 0 });
    });
    expect(count()).toEqual({ orders: 1 });
    reader.close();
  });

  it('waits for another one of the same process, also where both were begun at once', async () => {
    const made = await newLedger();
    const names = Array.from({ length: 10 }, (_, index) => `n${index}.test`);
    await Promise.all(names.map((name) => anOrder(made, made.account, [name])));
    expect(await listOrders(made.ledger, {})).toHaveLength(10);
  });
});

describe('the history', () => {
  it('only grows: each change adds an event of the run that made it', async () => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    await recordFinalizeSent(made, order.id, 'csr');
    const first = await eventsOf(made.ledger, { orderId: order.id });
    await releaseOrder(made, order.id, { status: 'invalid' });
    const all = await eventsOf(made.ledger, { orderId: order.id });
    expect(all.slice(0, first.length)).toEqual(first);
    expect(all.map((event) => event.kind)).toEqual([
      'order-intent',
      'order-answered',
      'finalize-sent',
      'order-released',
    ]);
    expect(new Set(all.map((event) => event.run_id))).toEqual(new Set(['run-1']));
  });
});
