import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { authorize } from '../../../src/issuance/order/authorize.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { AccountRun } from '../../../src/issuance/account-run.ts';
import type { PlacedOrder } from '../../../src/issuance/placed-order.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { refresh } from '../../../src/issuance/authorization/verdicts.ts';
import { authorizationsOf } from '../../../src/ledger/authorizations/authorizations.ts';
import { recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;

beforeEach(async () => {
  world = await newTinyWorld();
});

afterEach(() => world.remove());

const settings = { solver: 'webroot', challenge: 'http-01', webroot: '/nowhere' } as const;

async function place(run: AccountRun): Promise<PlacedOrder> {
  const identifiers = parseNames(['a.test']);
  const admitted = await admit(run, {
    certificateName: 'a.test',
    identifiers,
    profile: null,
    waitMs: 0,
  });
  return (await placeOrder(run, admitted, identifiers))!;
}

async function progress(run: AccountRun, { row }: PlacedOrder): Promise<string[]> {
  return (await authorizationsOf(run.ledger, row.id)).map((each) => `${each.status} ${each.challenge}`);
}

/** A run that died after it had noted that it was about to submit; the CA heard nothing. */
async function dieSubmitting(): Promise<PlacedOrder> {
  const dead = await world.startIssuance();
  const placed = await place(dead);
  const [row] = await authorizationsOf(dead.ledger, placed.row.id);
  await recordSubmitting(dead, placed.row.id, [
    { authorizationId: row!.id, type: 'http-01', url: `${row!.url}/challenge` },
  ]);
  await dead.die();
  return placed;
}

describe('a challenge that was to be submitted and never arrived', () => {
  it('is taken for submitted as long as a validation may take, then submitted by the next attempt', async () => {
    const before = world.clock.now().getTime();
    await dieSubmitting();
    const run = await world.startIssuance();
    const placed = await place(run);
    expect(world.ca.newOrders).toBe(1);
    const ready = await authorize(run, placed, () => settings);
    expect(ready.answer.status).toBe('ready');
    expect(world.ca.submitted).toEqual(['a.test']);
    const tookMs = world.clock.now().getTime() - before;
    expect(tookMs).toBeGreaterThan(50_000);
    expect(tookMs).toBeLessThan(70_000);
    expect(await progress(run, placed)).toEqual(['valid submitted']);
  });

  it('is neither submitted nor deactivated before that time', async () => {
    const placed = await dieSubmitting();
    const run = await world.startIssuance();
    await place(run);
    await settleOrder(run, placed.row, { policy: 'deactivate', verdictsUntil: run.clock.now() });
    expect(world.ca).toMatchObject({ submitted: [], deactivated: [] });
    expect(await progress(run, placed)).toEqual(['pending submitting']);
  });

  it('is waited for no longer when the clock was set back an hour since', async () => {
    await dieSubmitting();
    world.clock.pass(-3_600_000);
    const before = world.clock.now().getTime();
    const run = await world.startIssuance();
    const ready = await authorize(run, await place(run), () => settings);
    expect(ready.answer.status).toBe('ready');
    expect(world.ca.submitted).toEqual(['a.test']);
    const tookMs = world.clock.now().getTime() - before;
    expect(tookMs).toBeGreaterThan(50_000);
    expect(tookMs).toBeLessThan(70_000);
  });

  it('is submitted again by its own run, and costs no second order', async () => {
    world.ca.losesSubmits = 1;
    const run = await world.startIssuance();
    const before = run.clock.now().getTime();
    const placed = await place(run);
    const ready = await authorize(run, placed, () => settings);
    expect(ready.answer.status).toBe('ready');
    expect(world.ca).toMatchObject({ newOrders: 1, deactivated: [], submitted: ['a.test'] });
    expect(run.clock.now().getTime() - before).toBeLessThan(70_000);
    expect(await progress(run, placed)).toEqual(['valid submitted']);
  });

  it('twice is deactivated, under that policy, when its own run ends without a verdict', async () => {
    world.ca.losesSubmits = 2;
    const run = await world.startIssuance();
    const placed = await place(run);
    await expect(authorize(run, placed, () => settings)).rejects.toThrow(/didn't decide in time/);
    const verdictsUntil = new Date(run.clock.now().getTime() + 60_000);
    await settleOrder(run, placed.row, { policy: 'deactivate', verdictsUntil });
    expect(world.ca.deactivated).toEqual(['a.test']);
    expect([...world.presented]).toEqual([]);
  });

  it('twice is resumed, under that policy, and costs no second order', async () => {
    world.ca.losesSubmits = 2;
    const run = await world.startIssuance({ policy: 'resume' });
    const placed = await place(run);
    await expect(authorize(run, placed, () => settings)).rejects.toThrow();
    const verdictsUntil = new Date(run.clock.now().getTime() + 60_000);
    await settleOrder(run, placed.row, { policy: 'resume', verdictsUntil });
    expect(await progress(run, placed)).toEqual(['pending none']);
    const next = await world.startIssuance({ policy: 'resume' });
    const ready = await authorize(next, await place(next), () => settings);
    expect(ready.answer.status).toBe('ready');
    expect(world.ca).toMatchObject({ newOrders: 1, deactivated: [], submitted: ['a.test'] });
  });
});

describe('a challenge POST whose fate is not known', () => {
  it('is not taken back because the CA could not be asked, however long ago it was sent', async () => {
    const placed = await dieSubmitting();
    world.ca.authorizations.set('https://ca.test/authz/a.test', 'valid'); // it had arrived
    const run = await world.startIssuance();
    await place(run);
    world.clock.pass(3_600_000);
    run.session.getAuthorization = () => Promise.reject(new AcmeLedgerError('ca-unreachable', 'down'));
    await settleOrder(run, placed.row, { policy: 'deactivate', verdictsUntil: run.clock.now() });
    expect(world.ca.deactivated).toEqual([]);
    expect(await progress(run, placed)).toEqual(['pending submitting']);
  });

  it('is not taken back for a look at the CA that seems to lie ahead since the clock was set back', async () => {
    const placed = await dieSubmitting();
    const run = await world.startIssuance();
    await refresh(run, await authorizationsOf(run.ledger, placed.row.id));
    await place(run);
    world.clock.pass(-3_600_000);
    run.session.getAuthorization = () => Promise.reject(new AcmeLedgerError('ca-unreachable', 'down'));
    await settleOrder(run, placed.row, { policy: 'deactivate', verdictsUntil: run.clock.now() });
    expect(world.ca.deactivated).toEqual([]);
    expect(await progress(run, placed)).toEqual(['pending submitting']);
  });

  it('leaves what was submitted beside one that the CA refused recorded as submitted', async () => {
    const run = await world.startIssuance();
    const identifiers = parseNames(['a.test', 'b.test']);
    const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };
    const placed = (await placeOrder(run, await admit(run, admission), identifiers))!;
    const { session } = run;
    const submitChallenge = session.submitChallenge.bind(session);
    const getAuthorization = session.getAuthorization.bind(session);
    run.session.submitChallenge = (url, signal) => {
      if (!url.includes('b.test')) return submitChallenge(url, signal);
      run.session.getAuthorization = () => Promise.reject(new AcmeLedgerError('ca-unreachable', 'down'));
      return Promise.reject(new AcmeLedgerError('ca-limit', 'not now', { httpStatus: 429 }));
    };
    await expect(authorize(run, placed, () => settings)).rejects.toThrow('not now');
    run.session.getAuthorization = getAuthorization;
    expect((await progress(run, placed)).map((each) => each.split(' ')[1])).toEqual([
      'submitted',
      'submitting',
    ]);
  });
});
