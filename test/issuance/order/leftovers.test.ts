import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConnectionFailure, unreachable } from '../../../src/acme/http/connection-failure.ts';
import { generateKey, pemOf } from '../../../src/certificates/key.ts';
import { prepareOrderFiles, readOrderFiles } from '../../../src/certificates/order-files.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { clear } from '../../../src/clear/clear.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import type { PlacedOrder } from '../../../src/issuance/placed-order.ts';
import { areWanted } from '../../../src/issuance/certificate/order-key.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleLater } from '../../../src/issuance/order/settle-later.ts';
import { settleUnowned } from '../../../src/issuance/order/unowned-orders.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { renewAll } from '../../../src/renew/renew-all.ts';
import { authorizationByUrl } from '../../../src/ledger/authorizations/authorizations.ts';
import { recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { gateCount } from '../../../src/ledger/authorizations/gate-count.ts';
import { orderById, recordFinalizeSent, releaseOrder } from '../../../src/ledger/orders/orders.ts';
import { certificateRow } from '../rows.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';
import { wantedFor } from '../../support/wanted-for.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

function enter(run: AccountRun, names: string[], waitMs = 0) {
  const identifiers = parseNames(names);
  return admit(run, { certificateName: names[0]!, identifiers, profile: null, waitMs });
}

async function place(run: AccountRun, ...names: string[]): Promise<PlacedOrder> {
  return (await placeOrder(run, await enter(run, names), parseNames(names)))!;
}

function wantedNow(names: string[]) {
  return wantedFor('https://ca.test/dir', 'a.test', { names });
}

describe('one order for one set of names', () => {
  it('is not worked on by two certificates of one run at once', async () => {
    const run = await world.startIssuance();
    await enter(run, ['a.test']);
    await expect(enter(run, ['a.test'])).rejects.toMatchObject({ code: 'busy' });
  });

  it('lets the certificates of a renewal that are for the same names take turns', async () => {
    const run = await world.startIssuance();
    const refused = new AcmeLedgerError('ca-problem', 'no', { httpStatus: 400 });
    run.session.newOrder = () => Promise.reject(refused);
    const due = { reason: 'missing', dueAt: null } as const;
    const certificates = ['ec', 'rsa'].map((name) => ({
      certificate: certificateRow({ name, names: ['a.test'] }),
      due,
      names: ['a.test'],
      onFailedName: 'fail' as const,
    }));
    const codes: unknown[] = [];
    await renewAll(
      run,
      certificates,
      { concurrency: 2, waitMs: 0, mayStart: () => true, stage: null },
      ({ error }) => codes.push(error?.code),
    );
    expect(codes).toEqual(['ca-problem', 'ca-problem']);
  });
});

describe('an order that was finalized', () => {
  it.each([
    { case: 'names that are not wanted any more', rehearsal: null, wanted: ['a.test', 'b.test'] },
    { case: 'a rehearsal', rehearsal: {}, wanted: ['a.test'] },
  ])('for $case does not take the place of the certificate that is', async ({ rehearsal, wanted }) => {
    const dead = await world.startIssuance();
    const placed = await place(dead, 'a.test');
    await prepareOrderFiles(
      dead.stateDir,
      String(placed.row.id),
      () => Promise.resolve({ keyPem: 'key', csrDer: Buffer.from('csr') }),
      () => Promise.resolve(),
    );
    await recordFinalizeSent(dead, placed.row.id, 'csr');
    await dead.ledger.updateTable('orders').set({ rehearsal }).execute();
    await dead.die();
    const run = await world.startIssuance();
    await recordWanted(run, wantedNow(wanted), run.account.id);
    let downloads = 0;
    run.session.downloadChains = () => {
      downloads += 1;
      return Promise.reject(new AcmeLedgerError('ca-answer', 'downloaded'));
    };
    const certificateUrl = 'https://ca.test/certificate/1';
    run.session.getOrder = () =>
      Promise.resolve({ ...placed.answer, status: 'valid' as const, certificateUrl });
    const { forLater } = await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
    await settleLater(run, forLater, { leftMs: () => Infinity });
    expect(downloads).toBe(0);
    expect((await orderById(run.ledger, placed.row.id))?.concluded_at).not.toBeNull();
    expect(readOrderFiles(run.stateDir, String(placed.row.id))).toBeNull();
  });
});

describe('an order that was kept, taken up, and left by a dead run', () => {
  it('is cleared like any other', async () => {
    const first = await world.startIssuance();
    const { row } = await place(first, 'a.test');
    const keptUntil = new Date(first.clock.now().getTime() + 86_400_000);
    await releaseOrder(first, row.id, { keptUntil });
    const dead = await world.startIssuance();
    await enter(dead, ['a.test']);
    await dead.die();
    const run = await world.startIssuance();
    const options = {
      urls: [],
      all: false,
      olderThan: null,
      concurrency: 1,
      dryRun: false,
      method: 'deactivate' as const,
    };
    await clear(run, options, () => undefined);
    expect(world.ca.deactivated).toEqual(['a.test']);
  });
});

describe('an order that the CA hands back though we gave it up', () => {
  it('is worked on under the new intent', async () => {
    const run = await world.startIssuance({ policy: 'resume' });
    const placed = await place(run, 'a.test');
    await releaseOrder(run, placed.row.id, { status: 'abandoned' });
    const again = await enter(run, ['a.test']);
    run.session.newOrder = () => Promise.resolve(placed.answer);
    const second = await placeOrder(run, again, parseNames(['a.test']));
    expect(second?.row).toMatchObject({ id: again.order.id, url: placed.answer.url });
  });
});

describe('an authorization whose deactivation has to wait', () => {
  it('is left alone when another order took it up meanwhile', async () => {
    const [first, second] = [await world.startIssuance(), await world.startIssuance()];
    const { row } = await place(first, 'a.test');
    const retryAt = new Date(first.clock.now().getTime() + 5_000);
    first.session.deactivateAuthorization = async () => {
      first.session = world.ca.session();
      await place(second, 'a.test', 'b.test');
      throw new AcmeLedgerError('ca-limit', 'soon', { httpStatus: 503, retryAt });
    };
    await settleOrder(first, row, { policy: 'deactivate', verdictsUntil: first.clock.now() });
    expect(first.clock.now() >= retryAt).toBe(true);
    expect(world.ca.deactivated).toEqual([]);
  });

  it.each(['a wait', 'a lost answer'])(
    'is left alone when its own client proved it during %s',
    async (what) => {
      const first = await world.startIssuance();
      const { row } = await place(first, 'a.test');
      const [url] = [...world.ca.authorizations.keys()];
      const retryAt = new Date(first.clock.now().getTime() + 5_000);
      first.session.deactivateAuthorization = async () => {
        first.session = world.ca.session();
        world.ca.authorizations.set(url!, 'valid');
        if (what === 'a wait') throw new AcmeLedgerError('ca-limit', 'soon', { httpStatus: 503, retryAt });
        throw unreachable(new ConnectionFailure('reset', true, 'ca.test closed the connection'), 'POST');
      };
      await settleOrder(first, row, { policy: 'deactivate', verdictsUntil: first.clock.now() });
      expect(world.ca.deactivated).toEqual([]);
      expect(await authorizationByUrl(first.ledger, url!)).toMatchObject({ status: 'valid' });
    },
  );
});

describe('the search for a lost order', () => {
  it('takes none that was finalized already: nobody could have', async () => {
    const dead = await world.startIssuance();
    await enter(dead, ['a.test']);
    await dead.die();
    const run = await world.startIssuance();
    const url = 'https://ca.test/order/7';
    run.session.listOrders = async () =>
      (async function* () {
        yield url;
      })();
    const identifiers = parseNames(['a.test']);
    run.session.getOrder = () =>
      Promise.resolve({
        url,
        status: 'valid' as const,
        expiresAt: null,
        profile: null,
        replaces: null,
        finalizeUrl: `${url}/finalize`,
        certificateUrl: `${url}/certificate`,
        error: null,
        identifiers,
        authorizationUrls: [],
        retryAt: null,
      });
    expect(await placeOrder(run, await enter(run, ['a.test']), identifiers)).toBeNull();
  });
});

describe('a lost order that was given up', () => {
  it.each([
    { tells: 'the list rules it out', list: emptyList, reserved: 0 },
    { tells: 'there is no list any more', list: () => null, reserved: 1 },
  ])('is looked for once more by a run of the next day: $tells', async ({ list, reserved }) => {
    const dead = await world.startIssuance();
    await enter(dead, ['a.test']);
    await dead.die();
    // Too early: the newOrder may still be on its way.
    const soon = await settled(emptyList);
    expect(await reservedOf(soon)).toBe(1);
    await soon.die();
    world.clock.pass(86_400_000);
    let looks = 0;
    const counting = (): AsyncIterable<string> | null => {
      looks += 1;
      return list();
    };
    const nextDay = await settled(counting);
    await nextDay.die();
    expect({ looks, reserved: await reservedOf(await settled(counting)) }).toEqual({ looks: 1, reserved });
  });

  async function settled(list: () => AsyncIterable<string> | null): Promise<RunningIssuance> {
    const run = await world.startIssuance();
    run.session.listOrders = () => Promise.resolve(list());
    await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
    return run;
  }

  async function* emptyList(): AsyncIterable<string> {}

  async function reservedOf({ ledger, account, clock }: AccountRun): Promise<number> {
    return (await gateCount(ledger, account.id, clock.now())).reserved;
  }
});

describe('what dead runs left', () => {
  it('is settled at once also where the CA has forgotten the order: what it opened may outlive it', async () => {
    const dead = await world.startIssuance();
    await place(dead, 'a.test');
    await dead.die();
    const run = await world.startIssuance();
    const gone = new AcmeLedgerError('ca-problem', 'no such order', { httpStatus: 404 });
    run.session.getOrder = () => Promise.reject(gone);
    await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
    expect(world.ca.deactivated).toEqual(['a.test']);
  });

  it('is not asked for one by one at a CA that does not answer', async () => {
    const dead = await world.startIssuance();
    for (const name of ['a.test', 'b.test', 'c.test']) await place(dead, name);
    await dead.die();
    const run = await world.startIssuance();
    let asked = 0;
    run.session.getOrder = () => {
      asked += 1;
      return Promise.reject(new AcmeLedgerError('ca-unreachable', 'down'));
    };
    await settleUnowned(run, { includeKept: false, skipNamesKeys: new Set() });
    expect(asked).toBe(1);
  });
});

describe('the key and the CSR that an order was finalized with', () => {
  it('are wanted as long as the kind of key, or the CSR, is what the certificate is wanted with', async () => {
    const keyPem = pemOf(await generateKey('ec256'));
    const made = { keyPem, csrDer: Buffer.from('made') };
    expect(areWanted(made, certificateRow({ key_type: 'ec256' }))).toBe(true);
    expect(areWanted(made, certificateRow({ key_type: 'rsa2048' }))).toBe(false);
    const given = { keyPem: null, csrDer: Buffer.from('given') };
    expect(areWanted(given, certificateRow({ csr: given.csrDer.toString('base64') }))).toBe(true);
    expect(areWanted(given, certificateRow({ csr: made.csrDer.toString('base64') }))).toBe(false);
    expect(areWanted(given, certificateRow())).toBe(false);
  });
});
