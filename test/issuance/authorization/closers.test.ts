import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { later } from '../../../src/clock.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { spendDeactivation } from '../../../src/issuance/authorization/closing-budget.ts';
import { claimClosing } from '../../../src/issuance/authorization/closing-claim.ts';
import { awaitClosers } from '../../../src/issuance/authorization/closers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import type { PlacedOrder } from '../../../src/issuance/placed-order.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { authorizationsOf, recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import type { AuthorizationRow } from '../../../src/ledger/schema.ts';
import { recordSubmitting } from '../../../src/ledger/orders/submissions.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;
let run: RunningIssuance;

beforeEach(async () => {
  world = await newTinyWorld();
  run = await world.startIssuance();
});

afterEach(() => world.remove());

const names = parseNames(['a.test']);
const admission = { certificateName: 'a.test', identifiers: names, profile: null, waitMs: 0 };

async function placed(): Promise<PlacedOrder> {
  return (await placeOrder(run, await admit(run, admission), names))!;
}

async function authorizationIn({ row }: PlacedOrder): Promise<AuthorizationRow> {
  return (await authorizationsOf(world.ledger, row.id))[0]!;
}

const http = (row: AuthorizationRow) => ({
  authorizationId: row.id,
  type: 'http-01',
  url: `${row.url}/challenge`,
});

describe('an order that the CA gives what another run is closing', () => {
  it('is not submitted while that run may be at it, and there is another one when it was closed', async () => {
    const mine = await placed();
    const row = await authorizationIn(mine);
    const closer = await world.startIssuance();
    // It had claimed the authorization before the ledger knew of the order.
    await world.ledger.updateTable('authorizations').set({ closing_run_id: closer.runId }).execute();
    expect(await recordSubmitting(run, mine.row.id, [http(row)])).toEqual(new Set());
    const waiting = awaitClosers(run, mine.row.id);
    await recordSeen(closer, [{ url: row.url, status: 'deactivated', identifier: null, expiresAt: null }]);
    expect(await waiting).toMatchObject({ isSpent: true });
  });

  it('is submitted when that run is dead, or has been at it for longer than a request lives', async () => {
    const mine = await placed();
    const row = await authorizationIn(mine);
    const closer = await world.startIssuance();
    await world.ledger.updateTable('authorizations').set({ closing_run_id: closer.runId }).execute();
    const before = world.clock.now();
    const { isSpent, outwaited } = await awaitClosers(run, mine.row.id);
    expect(isSpent).toBe(false);
    expect(world.clock.now() >= later(before, 45_000)).toBe(true);
    expect(await recordSubmitting(run, mine.row.id, [http(row)], outwaited)).toEqual(new Set([row.id]));
    // From here the closer finds it submitted, and its claim gone.
    const claim = await claimClosing(closer, row, { includeKept: true }, spendDeactivation);
    expect(claim).toMatchObject({ outcome: 'held' });
    await closer.die();
  });
});

it('sends no newOrder when a signal comes while the request waits for its turn', async () => {
  const admitted = await admit(run, admission);
  const { session } = run;
  const stop = new AbortController();
  run.stops = { work: stop.signal, grace: new AbortController().signal };
  run.session = {
    ...session,
    newOrder(asked, guard) {
      stop.abort(new AcmeLedgerError('interrupted', 'interrupted by SIGTERM'));
      return session.newOrder(asked, guard);
    },
  };
  await expect(placeOrder(run, admitted, names)).rejects.toMatchObject({ code: 'interrupted' });
  expect(world.ca.newOrders).toBe(0);
});
