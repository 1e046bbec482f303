import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer, Authorization } from '../../src/acme/objects/resources.ts';
import type { Session } from '../../src/acme/session.ts';
import { later } from '../../src/clock.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import { parseName } from '../../src/identifiers.ts';
import type { Synced } from '../../src/sync/sync.ts';
import type { Compared } from '../../src/sync/sync-line.ts';
import { sync } from '../../src/sync/sync.ts';
import { authorizationsOf } from '../../src/ledger/authorizations/authorizations.ts';
import { recordSubmitted } from '../../src/ledger/orders/submissions.ts';
import { eventsOf } from '../../src/ledger/events.ts';
import { orderById, recordOrderAnswer, releaseOrder } from '../../src/ledger/orders/orders.ts';
import { takeOver } from '../../src/ledger/orders/order-ownership.ts';
import type { AuthorizationRow, OrderRow } from '../../src/ledger/schema.ts';
import { freely } from '../support/freely.ts';
import { intentFor, leftSubmitting } from '../issuance/left-orders.ts';
import { failing, notFound, withChallenge, withOrder } from '../issuance/sync-answers.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../issuance/tiny-issuance.ts';

const hourMs = 3_600_000;

let world: TinyWorld;
/** The run that left something. */
let before: RunningIssuance;
/** The run that compares. */
let now: RunningIssuance;

beforeEach(async () => {
  world = await newTinyWorld();
  [before, now] = [await world.startIssuance(), await world.startIssuance()];
});

afterEach(() => world.remove());

interface Result extends Synced {
  /** What is told of, by subject. */
  told: Compared[];
  count: number;
}

async function synced(session: Partial<Session> = {}): Promise<Result> {
  const told: Compared[] = [];
  let count = 0;
  const run = { ...now, session: { ...now.session, ...session } };
  const end = await sync(run, { concurrency: 1 }, (compared) => {
    count += 1;
    if (compared.outcome !== 'same') told.push(compared);
  });
  return { ...end, told, count };
}

/** An order that the CA answered, its authorizations looked at, and that nobody works on any more unless `isOwned`. */
async function orderFor(
  names: string[],
  isOwned = false,
): Promise<{ row: OrderRow; rows: AuthorizationRow[] }> {
  const intent = await intentFor(before, ...names);
  const answer = await before.session.newOrder({ identifiers: names.map(parseName) }, freely);
  await recordOrderAnswer(before, intent, answer);
  await synced();
  if (!isOwned) await releaseOrder(before, intent.id, { keptUntil: null });
  const row = (await orderById(world.ledger, intent.id))!;
  return { row, rows: await authorizationsOf(world.ledger, intent.id) };
}

async function differences(of: { orderId: number } | { authorizationId: number }): Promise<unknown[]> {
  const events = await eventsOf(world.ledger, of);
  return events.filter(({ kind }) => kind === 'difference').map(({ data }) => data);
}

describe('an order that is compared with the CA', () => {
  it('is told of in no word when both agree', async () => {
    await orderFor(['a.test', 'b.test']);
    expect(await synced()).toMatchObject({ told: [], count: 3, end: null, notAsked: 0 });
  });

  it('takes over what the CA says as long as that ends nothing', async () => {
    const { row } = await orderFor(['a.test']);
    const { told } = await synced(
      withOrder(now.session, { status: 'valid', certificateUrl: 'https://ca.test/cert/1' }),
    );
    expect(told).toMatchObject([
      { kind: 'order', id: row.id, names: ['a.test'], ledger: 'pending', ca: 'valid', differs: true },
    ]);
    expect(told[0]?.reason).toMatch(/certificate is there: acme-ledger renew a\.test fetches it/);
    expect(await orderById(world.ledger, row.id)).toMatchObject({
      status: 'valid',
      certificate_url: 'https://ca.test/cert/1',
      concluded_at: null,
      run_id: null,
    });
    expect(await differences({ orderId: row.id })).toEqual([{ ledger: 'pending', ca: 'valid' }]);
  });

  it.each([
    ['invalid', (): Partial<Session> => withOrder(now.session, { status: 'invalid' }), 'invalid'],
    ['forgotten', (): Partial<Session> => ({ getOrder: () => Promise.reject(notFound()) }), 'gone'],
  ])(
    'that is %s at the CA is told of, recorded as a difference, and left to the next run',
    async (_title, session, ca) => {
      const { row } = await orderFor(['a.test']);
      const { told } = await synced(session());
      expect(told).toMatchObject([{ kind: 'order', ledger: 'pending', ca, outcome: 'differs' }]);
      expect(told[0]?.reason).toMatch(/the next run gives it up/);
      expect(await orderById(world.ledger, row.id)).toMatchObject({ status: 'pending', concluded_at: null });
      expect(await differences({ orderId: row.id })).toEqual([{ ledger: 'pending', ca }]);
      expect(world.ca.deactivated).toEqual([]);
    },
  );

  it('is left alone while a run works on it, also one that took it over meanwhile', async () => {
    const owned = await orderFor(['a.test'], true);
    const free = await orderFor(['b.test']);
    const { told } = await synced({
      getOrder: async (url, signal) => {
        await takeOver(before, free.row, () => false);
        return { ...(await now.session.getOrder(url, signal)), status: 'ready' };
      },
    });
    expect(told).toEqual([]);
    expect(await differences({ orderId: owned.row.id })).toEqual([]);
    expect(await orderById(world.ledger, free.row.id)).toMatchObject({
      status: 'pending',
      run_id: before.runId,
    });
  });

  it('brings authorizations that the ledger did not know of, and they count from then on', async () => {
    const { row } = await orderFor(['a.test', 'b.test']);
    await world.ledger.deleteFrom('order_authorizations').execute();
    await world.ledger.deleteFrom('events').execute();
    await world.ledger.deleteFrom('authorizations').where('identifier', '=', 'b.test').execute();
    const { told } = await synced();
    expect(told).toMatchObject([
      { kind: 'order', ledger: 'pending', ca: 'pending', differs: true },
      { kind: 'authorization', identifier: 'a.test', ledger: null, ca: 'pending', differs: true },
      { kind: 'authorization', identifier: 'b.test', ledger: null, ca: 'pending', differs: true },
    ]);
    const rows = await authorizationsOf(world.ledger, row.id);
    expect(rows.map(({ identifier, status }) => [identifier, status])).toEqual([
      ['a.test', 'pending'],
      ['b.test', 'pending'],
    ]);
    expect(await synced()).toMatchObject({ told: [] });
  });

  it('that was never answered is told of with what is counted for it', async () => {
    const open = await intentFor(before, 'a.test', 'b.test');
    expect((await synced()).told).toEqual([]);
    await releaseOrder(before, open.id, { keptUntil: null });
    expect((await synced()).told).toMatchObject([
      { kind: 'order', id: open.id, url: null, ledger: 'intent', ca: null, outcome: 'lost', differs: false },
    ]);
    await takeOver(before, (await orderById(world.ledger, open.id))!, () => false);
    await releaseOrder(before, open.id, { status: 'abandoned', keepReserved: true });
    const [lost] = (await synced()).told;
    expect(lost).toMatchObject({ outcome: 'lost', ledger: 'abandoned' });
    expect(lost?.reason).toMatch(
      /^newOrder was never answered, .+: 2 authorizations stay reserved for it until 2026-01-08/,
    );
    world.clock.pass(8 * 86_400_000);
    expect((await synced()).told).toEqual([]);
  });
});

describe('an authorization that is compared with the CA', () => {
  it('that a run works on is recorded, and is no difference', async () => {
    const { rows } = await orderFor(['a.test'], true);
    world.ca.authorizations.set(rows[0]!.url, 'valid');
    expect((await synced()).told).toEqual([]);
    expect(await world.ledger.selectFrom('authorizations').select('status').execute()).toEqual([
      { status: 'valid' },
    ]);
  });

  it('is what the run says that recorded a later answer meanwhile', async () => {
    const { rows } = await orderFor(['a.test']);
    await synced({
      getAuthorization: async (url, signal) => {
        const answer = await now.session.getAuthorization(url, signal);
        await world.ledger.updateTable('authorizations').set({ status: 'valid' }).execute();
        return answer;
      },
    });
    expect(await differences({ authorizationId: rows[0]!.id })).toEqual([]);
  });

  it.each([
    ['submitting', 'processing', /the challenge arrived/],
    ['none', 'valid', /somebody else submitted its challenge/],
  ] as const)(
    'whose challenge is %s here and %s there counts as submitted from then on',
    async (here, there, reason) => {
      const { row, rows } = await orderFor(['a.test']);
      if (here === 'submitting') await leftSubmitting(before, row, rows[0]!);
      const { told } = await synced(withChallenge(now.session, there));
      expect(told).toMatchObject([
        {
          kind: 'authorization',
          ledger: 'pending',
          ca: 'pending',
          challenge: { ledger: here, ca: there },
          differs: true,
        },
      ]);
      expect(told[0]?.reason).toMatch(reason);
      const after = await authorizationsOf(world.ledger, row.id);
      expect(after).toMatchObject([{ challenge: 'submitted', submitted_at: world.clock.now() }]);
      expect((await synced(withChallenge(now.session, there))).told).toEqual([]);
    },
  );

  it('whose challenge was about to be submitted, and the CA shows no trace after a minute, is told of', async () => {
    const { row, rows } = await orderFor(['a.test']);
    await leftSubmitting(before, row, rows[0]!);
    expect((await synced()).told).toEqual([]);
    world.clock.pass(120_000);
    const { told } = await synced();
    expect(told).toMatchObject([{ challenge: { ledger: 'submitting', ca: 'pending' }, differs: true }]);
    expect(told[0]?.reason).toMatch(/acme-ledger authz clear/);
    expect(await authorizationsOf(world.ledger, row.id)).toMatchObject([{ challenge: 'submitting' }]);
  });

  it('that was submitted long ago and has no verdict is told of, as no difference', async () => {
    const { row, rows } = await orderFor(['a.test']);
    await leftSubmitting(before, row, rows[0]!);
    await recordSubmitted(before, [rows[0]!.id]);
    expect((await synced()).told).toEqual([]);
    world.clock.pass(2 * hourMs);
    expect((await synced()).told).toMatchObject([{ outcome: 'undecided', differs: false, ca: 'pending' }]);
    expect(await differences({ authorizationId: rows[0]!.id })).toEqual([]);
  });

  it('that the CA does not know yet, because it has just been made, is not taken for gone', async () => {
    const { rows } = await orderFor(['a.test']);
    const unknown = { getAuthorization: () => Promise.reject(notFound()) };
    expect((await synced(unknown)).told).toMatchObject([{ outcome: 'failed', ca: null }]);
    world.clock.pass(hourMs);
    expect((await synced(unknown)).told).toMatchObject([
      { outcome: 'differs', ledger: 'pending', ca: 'expired' },
    ]);
    expect(await differences({ authorizationId: rows[0]!.id })).toHaveLength(1);
  });
});

describe('a CA that does not answer', () => {
  beforeEach(async () => {
    await orderFor(['a.test', 'b.test', 'c.test', 'd.test', 'e.test']);
  });

  it('is asked for nothing more once it wants to be left alone', async () => {
    const retryAt = later(world.clock.now(), hourMs);
    const limit = failing(() => new AcmeLedgerError('ca-limit', 'slow down', { httpStatus: 429, retryAt }));
    expect(await synced(limit.session)).toMatchObject({
      told: [],
      notAsked: 6,
      end: { code: 'ca-limit', retryAt },
    });
    expect(limit.asked()).toBe(1);
  });

  it('is asked for nothing more once it could be waited for no longer', async () => {
    const gone = failing(() => new AcmeLedgerError('ca-outage', 'nobody is there'));
    expect(await synced(gone.session)).toMatchObject({ told: [], notAsked: 6, end: { code: 'ca-outage' } });
    expect(gone.asked()).toBe(1);
  });

  it('is asked for everything when only some requests fail', async () => {
    let asked = 0;
    const { told, notAsked } = await synced({
      getAuthorization: async (url, signal): Promise<Answer<Authorization>> => {
        asked += 1;
        if (asked % 2 === 1) throw new AcmeLedgerError('ca-answer', 'HTTP 500', { httpStatus: 500 });
        return now.session.getAuthorization(url, signal);
      },
    });
    expect(told.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'failed']);
    expect({ asked, notAsked }).toEqual({ asked: 5, notAsked: 0 });
  });
});
