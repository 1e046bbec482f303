import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { letsEncryptLimits } from '../../../src/acme/authorities/limits.ts';
import { answerError } from '../../../src/acme/objects/problems.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { clear } from '../../../src/clear/clear.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { noteHold } from '../../../src/issuance/limits/holds.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { spendAgain } from '../../../src/issuance/limits/spending.ts';
import { accountScope, bucketWord, storedBuckets } from '../../../src/ledger/limits/limit-buckets.ts';
import type { LimitName } from '../../../src/ca-limits.ts';
import { usedOf, waitMs } from '../../../src/token-bucket.ts';
import { type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

async function atLetsEncrypt(): Promise<AccountRun> {
  return { ...(await world.startIssuance()), limits: letsEncryptLimits };
}

/** An order for the name, given up without having submitted anything. */
async function giveUpOne(run: AccountRun, name: string): Promise<void> {
  const identifiers = parseNames([name]);
  const admitted = await admit(run, { certificateName: name, identifiers, profile: null, waitMs: 0 });
  const placed = await placeOrder(run, admitted, identifiers);
  await settleOrder(run, placed!.row, { policy: 'deactivate', verdictsUntil: run.clock.now() });
}

async function bucketOf(run: AccountRun, limit: LimitName, subject: string) {
  const key = { scope: accountScope(run.account.id), limit, subject };
  const now = run.clock.now();
  return (await storedBuckets(run.ledger, now, [key.scope])).get(bucketWord(key))!.bucket;
}

describe('a CA that counts deactivations as failures', () => {
  it('gets no more of them for a name than leave it one: the rest is left alone until it comes back', async () => {
    const run = await atLetsEncrypt();
    for (let order = 0; order < 4; order += 1) await giveUpOne(run, 'a.test');
    expect(world.ca.deactivated).toHaveLength(4);
    await giveUpOne(run, 'a.test');
    expect(world.ca.deactivated).toHaveLength(4);
    const failed = await bucketOf(run, 'failed-authorizations', 'a.test');
    expect(usedOf(failed, run.clock.now().getTime())).toBe(4);
    await giveUpOne(run, 'b.test');
    expect(world.ca.deactivated).toHaveLength(5);

    const told: unknown[] = [];
    const all = {
      urls: [],
      all: true,
      olderThan: null,
      concurrency: 1,
      dryRun: false,
      method: 'deactivate' as const,
    };
    await clear(run, all, (cleared) => told.push(cleared));
    expect(told).toMatchObject([
      {
        identifier: 'a.test',
        action: 'resumable',
        after: 'pending',
        reason: expect.stringMatching(/used up until 20/) as string,
      },
    ]);
    world.clock.pass(12 * 60_000);
    await clear(run, all, () => undefined);
    expect(world.ca.deactivated).toHaveLength(6);
  });
});

describe('a newOrder that is sent again', () => {
  it('is counted again, and not sent when there is nothing left for it', async () => {
    const allowances = { ...letsEncryptLimits.allowances, 'new-orders': { max: 2, periodMs: 60_000 } };
    const run = { ...(await atLetsEncrypt()), limits: { ...letsEncryptLimits, allowances } };
    const identifiers = parseNames(['a.test']);
    await admit(run, { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 });
    await spendAgain(run, identifiers);
    const refused = expect.objectContaining({ code: 'ca-limit' }) as Error;
    await expect(spendAgain(run, identifiers)).rejects.toEqual(refused);
    world.clock.pass(30_000);
    await spendAgain(run, identifiers);
    // Who is allowed to wait does so until there is one again.
    const other = { certificateName: 'b.test', identifiers: parseNames(['b.test']), profile: null };
    await expect(admit(run, { ...other, waitMs: 20_000 })).rejects.toEqual(refused);
    expect(await admit(run, { ...other, waitMs: 40_000 })).toMatchObject({ isNew: true });
  });
});

describe('a limit that others have used up', () => {
  it('is used up here, too, until the time that the CA says', async () => {
    const run = await atLetsEncrypt();
    const now = run.clock.now();
    const docs = 'see https://letsencrypt.org/docs/rate-limits/';
    const detail = `too many new orders (300) from this account in the last 3h0m0s, retry after T: ${docs}#new-orders-per-account`;
    const data = { type: 'urn:ietf:params:acme:error:rateLimited', detail, status: 429 };
    const error = answerError({ status: 429, headers: { 'retry-after': '600' }, data }, 'to do it', now);
    const identifiers = parseNames(['a.test']);
    const admitted = await admit(run, {
      certificateName: 'a.test',
      identifiers,
      profile: null,
      waitMs: 0,
    });
    await noteHold(run, run.account.id, { kind: 'newOrder', identifiers: parseNames(['a.test']) }, error);
    const session = { ...run.session, newOrder: () => Promise.reject(error) };
    await expect(placeOrder({ ...run, session }, admitted, identifiers)).rejects.toBe(error);
    const bucket = await bucketOf(run, 'new-orders', '');
    expect(usedOf(bucket, now.getTime())).toBe(300);
    expect(waitMs(bucket, now.getTime())).toBe(600_000);
  });
});
