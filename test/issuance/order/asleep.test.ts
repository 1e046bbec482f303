import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseNames } from '../../../src/identifiers.ts';
import { closeAuthorization } from '../../../src/issuance/authorization/deactivation.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { PlacedOrder } from '../../../src/issuance/placed-order.ts';
import { orderKey } from '../../../src/issuance/certificate/order-key.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { cleanUpPresentations } from '../../../src/issuance/answers/take-down.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { takeOverOrder } from '../../../src/issuance/ownership/taking-over.ts';
import { authorizationsOf, recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { recordFailed } from '../../../src/ledger/certificates/certificate-failures.ts';
import {
  orderById,
  ownedOrder,
  recordFinalizeSent,
  releaseOrder,
} from '../../../src/ledger/orders/orders.ts';
import { insertPresentations } from '../../../src/ledger/orders/presentations.ts';
import { leaseMs, renewLease } from '../../../src/ledger/runs.ts';
import type { AuthorizationRow, CertificateRow, OrderRow } from '../../../src/ledger/schema.ts';
import { recordNotSubmitted, recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';
import { storedError } from '../../support/stored-error.ts';

let world: TinyWorld;
/** It is stopped for longer than its lease on a host whose processes others can't see; then it goes on. */
let sleeper: RunningIssuance;
let other: RunningIssuance;

beforeEach(async () => {
  world = await newTinyWorld();
  sleeper = await world.startIssuance();
  await world.ledger.updateTable('runs').set({ host: 'another.test' }).execute();
});

afterEach(() => world.remove());

const names = parseNames(['a.test']);
const admission = { certificateName: 'a.test', identifiers: names, profile: null, waitMs: 0 };

async function sleep(): Promise<void> {
  world.clock.pass(leaseMs + 30_000);
  other = await world.startIssuance();
}

async function placed(): Promise<PlacedOrder> {
  return (await placeOrder(sleeper, await admit(sleeper, admission), names))!;
}

/** What is of this order is the other run's from now on. */
async function takenOver(order: OrderRow): Promise<OrderRow> {
  await sleep();
  return (await takeOverOrder(other, order))!;
}

async function authorizationIn({ row }: PlacedOrder): Promise<AuthorizationRow> {
  return (await authorizationsOf(world.ledger, row.id))[0]!;
}

/** What happens between the CA's answer to the sleeper's newOrder and the sleeper. */
function behindNewOrder(act: () => Promise<void>): void {
  const { session } = sleeper;
  sleeper.session = {
    ...session,
    async newOrder(asked, guard) {
      const answer = await session.newOrder(asked, guard);
      await act();
      return answer;
    },
  };
}

const http = (row: AuthorizationRow) => ({
  authorizationId: row.id,
  type: 'http-01',
  url: `${row.url}/challenge`,
});

describe('a run that was stopped for longer than its lease', () => {
  it('asks for its lease before it sends anything, and is alive from then on', async () => {
    const order = (await admit(sleeper, admission)).order;
    await sleep();
    await sleeper.assertLease();
    expect(await takeOverOrder(other, order)).toBeNull();
    // Whoever had judged it dead a moment before finds it alive when it takes the order over.
    expect(await ownedOrder(sleeper, order.id)).toMatchObject({ id: order.id });
  });

  it('sends nothing when it was ended meanwhile', async () => {
    await world.ledger.updateTable('runs').set({ ended_at: world.clock.now() }).execute();
    world.clock.pass(leaseMs / 2);
    await expect(sleeper.assertLease()).rejects.toMatchObject({ code: 'busy' });
    expect(await renewLease(world.ledger, sleeper.runId, world.clock.now())).toBe(false);
  });

  it('sends no newOrder for an order that another took over, and leaves it to that run', async () => {
    const admitted = await admit(sleeper, admission);
    await takenOver(admitted.order);
    await expect(placeOrder(sleeper, admitted, names)).rejects.toMatchObject({ code: 'busy' });
    expect(world.ca.newOrders).toBe(0);
    expect(await orderById(world.ledger, admitted.order.id)).toMatchObject({
      run_id: other.runId,
      status: 'intent',
      error: null,
    });
  });

  it('hands what its newOrder has made over to whoever has the order', async () => {
    const admitted = await admit(sleeper, admission);
    behindNewOrder(async () => {
      await takenOver(admitted.order);
    });
    await expect(placeOrder(sleeper, admitted, names)).rejects.toMatchObject({ code: 'busy' });
    expect(await orderById(world.ledger, admitted.order.id)).toMatchObject({
      run_id: other.runId,
      status: 'pending',
      reserved: 0,
      url: 'https://ca.test/order/1',
    });
    expect(await authorizationsOf(world.ledger, admitted.order.id)).toMatchObject([{ status: 'pending' }]);
    expect(world.ca.deactivated).toEqual([]);
  });

  it('closes what its newOrder has made where nobody has a use for it', async () => {
    const admitted = await admit(sleeper, admission);
    behindNewOrder(async () => {
      await takenOver(admitted.order);
      await releaseOrder(other, admitted.order.id, { status: 'abandoned', keepReserved: true });
    });
    await expect(placeOrder(sleeper, admitted, names)).rejects.toMatchObject({ code: 'busy' });
    expect(world.ca.deactivated).toEqual(['a.test']);
    expect(await authorizationsOf(world.ledger, admitted.order.id)).toMatchObject([
      { status: 'deactivated' },
    ]);
    expect(await orderById(world.ledger, admitted.order.id)).toMatchObject({
      status: 'abandoned',
      run_id: null,
    });
  });

  it('writes down as an order of its own what comes beside the order that another has placed since', async () => {
    const admitted = await admit(sleeper, admission);
    behindNewOrder(async () => {
      const order = await takenOver(admitted.order);
      await placeOrder(other, { order, isNew: true, charges: [] }, names);
    });
    await expect(placeOrder(sleeper, admitted, names)).rejects.toMatchObject({ code: 'busy' });
    const orders = await world.ledger.selectFrom('orders').select(['url', 'status', 'run_id']).execute();
    expect(orders).toEqual([
      { url: 'https://ca.test/order/2', status: 'pending', run_id: other.runId },
      { url: 'https://ca.test/order/1', status: 'abandoned', run_id: null },
    ]);
    // The CA gave both the same authorization, which the other run works on.
    expect(world.ca.deactivated).toEqual([]);
  });

  it('deactivates nothing of what another works on now', async () => {
    const mine = await placed();
    const before = await authorizationIn(mine);
    await takenOver(mine.row);
    const closing = await closeAuthorization(sleeper, before, {
      includeKept: false,
      exceptOrderId: mine.row.id,
    });
    expect(closing).toMatchObject({ outcome: 'held', run: other.runId });
    await settleOrder(sleeper, mine.row, { policy: 'deactivate', verdictsUntil: world.clock.now() });
    expect(world.ca.deactivated).toEqual([]);
  });

  it('deactivates nothing that was proven before its request left', async () => {
    const mine = await placed();
    const row = await authorizationIn(mine);
    const { session } = sleeper;
    sleeper.session = {
      ...session,
      async deactivateAuthorization(url, guard) {
        world.ca.authorizations.set(url, 'valid');
        await recordSeen(sleeper, [{ url, status: 'valid', identifier: null, expiresAt: null }]);
        return session.deactivateAuthorization(url, guard);
      },
    };
    const closing = await closeAuthorization(sleeper, row, {
      includeKept: false,
      exceptOrderId: mine.row.id,
    });
    expect(closing).toMatchObject({ outcome: 'held', reason: 'it is valid by now' });
    expect(world.ca.deactivated).toEqual([]);
  });

  it('looks again at the CA before it deactivates what it saw pending long ago', async () => {
    const mine = await placed();
    const { url } = await authorizationIn(mine);
    await recordSeen(sleeper, [{ url, status: 'pending', identifier: null, expiresAt: null }]);
    const row = await authorizationIn(mine);
    // Proven by another client of the account, of which the ledger doesn't know.
    world.ca.authorizations.set(url, 'valid');
    world.clock.pass(40_000);
    const closing = await closeAuthorization(sleeper, row, {
      includeKept: false,
      exceptOrderId: mine.row.id,
    });
    expect(closing).toMatchObject({ outcome: 'already-final' });
    expect(world.ca.deactivated).toEqual([]);
  });

  it('submits nothing of an order that another took over, and takes no submit of that run back', async () => {
    const mine = await placed();
    const row = await authorizationIn(mine);
    await takenOver(mine.row);
    await expect(recordSubmitting(sleeper, mine.row.id, [http(row)])).rejects.toMatchObject({ code: 'busy' });
    await recordSubmitting(other, mine.row.id, [http(row)]);
    const { submitted_at } = await authorizationIn(mine);
    await recordNotSubmitted(sleeper, row.id, { orderId: mine.row.id }, 'refused');
    await recordNotSubmitted(sleeper, row.id, { toClose: true }, 'refused');
    await recordNotSubmitted(sleeper, row.id, { submittedAt: row.submitted_at }, 'no verdict');
    expect(await authorizationIn(mine)).toMatchObject({ challenge: 'submitting', submitted_at });
    expect(submitted_at).not.toBeNull();
  });

  it('finalizes nothing, and writes no key into the file of an order that another took over', async () => {
    const mine = await placed();
    const file = path.join(sleeper.stateDir, 'orders', `${String(mine.row.id)}.pem`);
    await takenOver(mine.row);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, 'the key of the other run');
    const certificate = { csr: Buffer.from('csr').toString('base64') } as CertificateRow;
    const signal = new AbortController().signal;
    await expect(orderKey(sleeper, certificate, mine.row, signal)).rejects.toMatchObject({ code: 'busy' });
    await expect(recordFinalizeSent(sleeper, mine.row.id, 'csr')).rejects.toMatchObject({ code: 'busy' });
    expect(await readFile(file, 'utf8')).toBe('the key of the other run');
  });

  it('takes down nothing that another has put up', async () => {
    const mine = await placed();
    const row = await authorizationIn(mine);
    const presentation = {
      authorizationId: row.id,
      settings: { solver: 'webroot', challenge: 'http-01', webroot: '/nowhere' },
      challengeType: 'http-01',
      challengeUrl: `${row.url}/challenge`,
      identifier: { type: 'dns', value: 'a.test' },
      token: 'token',
      keyAuthorization: 'token.thumbprint',
    };
    await insertPresentations(sleeper, mine.row.id, [presentation]);
    await takenOver(mine.row);
    world.presented.add('a.test');
    await cleanUpPresentations(sleeper, mine.row.id);
    expect(world.presented).toEqual(new Set(['a.test']));
    await cleanUpPresentations(other, mine.row.id);
    expect(world.presented).toEqual(new Set());
  });

  it('writes no failure over what another has stored', async () => {
    await sleep();
    const before = { name: 'a.test', stored_at: null };
    const at = world.clock.now();
    await world.ledger
      .insertInto('certificates')
      .values({ ...wanted(at), stored_at: at })
      .execute();
    await recordFailed(sleeper, before, storedError({ code: 'order-failed' }));
    const row = await world.ledger.selectFrom('certificates').selectAll().executeTakeFirstOrThrow();
    expect(row).toMatchObject({ last_error: null, last_attempt_at: null });
    await recordFailed(other, row, storedError({ code: 'order-failed' }));
    const after = await world.ledger.selectFrom('certificates').selectAll().executeTakeFirstOrThrow();
    expect(after.last_error).not.toBeNull();
  });
});

function wanted(at: Date) {
  return {
    name: 'a.test',
    ca: 'https://ca.test/dir',
    names: ['a.test'],
    key_type: 'ec256',
    reuse_key: false,
    profile: '',
    settings: {},
    created_at: at,
  };
}
