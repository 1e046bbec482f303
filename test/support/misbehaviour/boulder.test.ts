import { describe, expect, it } from 'vitest';
import type { Answer } from '../https-request.ts';
import { finalStatus, finalize, httpChallenge, obtain, prove, renewalId } from '../lab-issuance.ts';
import { boulderStage, problemOf } from './boulder-stage.ts';

const stage = boulderStage();

describe('order reuse', () => {
  it('hands back the open order for the same names, whatever their order and case', async () => {
    stage.use({});
    const first = await stage.account.order('same-1.test', 'same-2.test');
    expect(await stage.account.order('SAME-2.test', 'same-1.test', 'same-1.test')).toEqual(first);
    expect((await stage.account.order('same-1.test')).url).not.toBe(first.url);
    expect(stage.proxy.census.orders.get(first.url)).toMatchObject({ newOrders: 2 });
    expect(stage.proxy.census.orders.size).toBe(2);
  });

  it('shows the order ready once its authorizations are valid, and makes a new one once it is finalized', async () => {
    stage.use({});
    const { url, authorizations } = await stage.account.order('ready.test');
    expect(await prove(stage.account, authorizations[0]!, stage.webroot)).toBe('valid');
    const again = await stage.newOrder('ready.test');
    expect(again.headers.location).toBe(url);
    expect(JSON.parse(again.body)).toMatchObject({ status: 'ready' });
    await finalize(stage.account, url, 'ready.test');
    expect((await stage.newOrder('ready.test')).headers.location).not.toBe(url);
  });

  it('is off for a set of names after one invalid order, until that has expired', async () => {
    const ca = stage.use({});
    const first = await stage.account.order('off.test');
    await stage.account.post(first.authorizations[0]!, { status: 'deactivated' });
    const second = await stage.account.order('off.test');
    const third = await stage.account.order('off.test');
    expect(new Set([first.url, second.url, third.url]).size).toBe(3);
    ca.expire(first.authorizations[0]!);
    expect((await stage.account.order('off.test')).url).toBe(second.url);
  });

  it('is for the account and the profile that the order has', async () => {
    stage.use({});
    const first = await stage.account.order('mine.test');
    const other = await stage.anotherAccount();
    expect((await other.order('mine.test')).url).not.toBe(first.url);
    const identifiers = [{ type: 'dns', value: 'mine.test' }];
    const named = await stage.account.newOrder({ identifiers, profile: 'default' });
    expect(named.status).toBe(201);
    expect(named.headers.location).not.toBe(first.url);
  });

  it('can be switched off', async () => {
    stage.use({ reuse: false });
    const first = await stage.account.order('never.test');
    expect((await stage.account.order('never.test')).url).not.toBe(first.url);
  });
});

describe('replaces', () => {
  it('is refused while another order has it, which comes back without; an open plain order drops it', async () => {
    stage.use({});
    const replaces = await certificateId('replaced.test');
    const identifiers = [{ type: 'dns', value: 'replaced.test' }];
    const first = await stage.account.newOrder({ identifiers, replaces });
    expect(first.status).toBe(201);
    const again = await stage.account.newOrder({ identifiers, replaces });
    expect(problemOf(again)).toMatchObject({ status: 409, type: 'alreadyReplaced' });
    expect(problemOf(again).detail).toMatch(
      /^Could not validate ARI 'replaces' field :: cannot indicate an order replaces certificate with serial "[0-9a-f]+", which already has a replacement order$/,
    );
    const plain = await stage.account.newOrder({ identifiers });
    expect(plain.headers.location).toBe(first.headers.location);

    const other = [{ type: 'dns', value: 'plain.test' }];
    const otherReplaces = await certificateId('plain.test');
    const open = await stage.account.newOrder({ identifiers: other });
    const dropped = await stage.account.newOrder({ identifiers: other, replaces: otherReplaces });
    expect(dropped.headers.location).toBe(open.headers.location);
    expect(JSON.parse(dropped.body)).not.toHaveProperty('replaces');
  });
});

describe("the CA's other manners", () => {
  it('answer a challenge POST that comes too late, without harm to Pebble', async () => {
    stage.use({ reuse: false });
    const { authorizations } = await stage.account.order('late-1.test', 'late-2.test', 'late-3.test');
    const challenges = await Promise.all(authorizations.map((url) => httpChallenge(stage.account, url)));
    const submit = (index: number): Promise<Answer> => stage.account.post(challenges[index]!.url, {});
    expect((await submit(0)).status).toBe(200);
    expect(problemOf(await submit(0))).toMatchObject({ status: 409, type: 'conflict' });
    expect(await finalStatus(stage.account, authorizations[0]!)).toBe('invalid');
    await stage.account.post(authorizations[1]!, { status: 'deactivated' });
    for (const index of [0, 1]) {
      expect(problemOf(await submit(index))).toEqual({
        status: 400,
        type: 'malformed',
        detail: 'Unable to update challenge :: authorization must be pending',
      });
    }
    expect(await prove(stage.account, authorizations[2]!, stage.webroot)).toBe('valid');
    expect((await submit(2)).status).toBe(200);
    expect(stage.proxy.census.authorizations.get(authorizations[0]!)).toMatchObject({ submissions: 3 });
    expect((await stage.newOrder('lives.test')).status).toBe(201);
  });

  it('answer a finalize that comes too early in their words', async () => {
    stage.use({});
    const { url } = await stage.account.order('early.test');
    const early = await finalize(stage.account, url, 'early.test');
    expect(problemOf(early)).toEqual({
      status: 403,
      type: 'orderNotReady',
      detail: 'Order\'s status ("pending") is not acceptable for finalization',
    });
    expect(stage.proxy.census.orders.get(url)).toMatchObject({ finalizations: 0 });
  });

  it('let an authorization expire: read, submitted and deactivated it is gone, and its order invalid', async () => {
    const ca = stage.use({});
    const { url, authorizations } = await stage.account.order('expired.test');
    const challenge = await httpChallenge(stage.account, authorizations[0]!);
    ca.expire(...authorizations);
    const [read, deactivation, submission] = [
      await stage.account.post(authorizations[0]!),
      await stage.account.post(authorizations[0]!, { status: 'deactivated' }),
      await stage.account.post(challenge.url, {}),
    ];
    expect(problemOf(read)).toEqual({ status: 404, type: 'malformed', detail: 'Expired authorization' });
    expect(problemOf(deactivation)).toEqual(problemOf(read));
    expect(submission.status).toBe(404);
    expect(await finalStatus(stage.account, url)).toBe('invalid');
    expect(stage.proxy.census.open()).toEqual([]);
  });

  it('show no list of orders, unless they are told to', async () => {
    stage.use({});
    expect(JSON.parse((await stage.account.post(stage.account.url)).body)).not.toHaveProperty('orders');
    stage.use({ ordersList: true });
    const { orders } = JSON.parse((await stage.account.post(stage.account.url)).body) as { orders: string };
    expect((await stage.account.post(orders)).status).toBe(200);
    stage.use({});
    expect((await stage.account.post(orders)).status).toBe(404);
  });

  it('refuse to deactivate where they are told to', async () => {
    stage.use({ deactivation: false });
    const { authorizations } = await stage.account.order('stays.test');
    const refusal = await stage.account.post(authorizations[0]!, { status: 'deactivated' });
    expect(problemOf(refusal)).toMatchObject({ status: 400, type: 'malformed' });
    expect(
      await stage.pebble.askAuthorization(authorizations[0]!, stage.account.keyPem, stage.account.url),
    ).toMatchObject({
      status: 'pending',
    });
  });
});

/** The name of a new certificate in renewal information. */
async function certificateId(name: string): Promise<string> {
  const chain = await obtain(stage.account, stage.webroot, name);
  return renewalId(chain.split(/(?<=END CERTIFICATE-----\n)/)[0]!);
}
