import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { parseNames } from '../../../src/identifiers.ts';
import { admit } from '../../../src/issuance/attempt/gate.ts';
import { placeOrder } from '../../../src/issuance/order/place-order.ts';
import { settleOrder } from '../../../src/issuance/order/settle.ts';
import { orderById } from '../../../src/ledger/orders/orders.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;
let run: RunningIssuance;
let warnings: string[];

beforeEach(async () => {
  world = await newTinyWorld();
  run = await world.startIssuance();
  warnings = [];
  run.log = { ...run.log, warn: (_, message) => void warnings.push(message) };
});

afterEach(() => world.remove());

/** What the CA is asked when an order is brought to its end. */
const asked: Record<string, (error: Error) => Promise<void> | void> = {
  'a look': (error) => {
    run.session.getAuthorization = () => Promise.reject(error);
  },
  'a deactivation': (error) => {
    run.session.deactivateAuthorization = () => Promise.reject(error);
  },
  'a verdict': async (error) => {
    run.session.getAuthorization = () => Promise.reject(error);
    const at = world.clock.now();
    const submitted = { challenge: 'submitted', submitted_at: at, checked_at: at } as const;
    await world.ledger.updateTable('authorizations').set(submitted).execute();
  },
};

describe.each(Object.keys(asked))('an order that stays open for want of %s', (what) => {
  it.each([
    ['ca-outage', 'no warning of its own: the run tells of the CA once', 0],
    ['ca-problem', 'a warning', 1],
  ] as const)('with %s is worth %s', async (code, _, count) => {
    const identifiers = parseNames(['a.test']);
    const admission = { certificateName: 'a.test', identifiers, profile: null, waitMs: 0 };
    const placed = await placeOrder(run, await admit(run, admission), identifiers);
    await asked[what]?.(new AcmeLedgerError(code, 'not now'));
    const verdictsUntil = world.clock.now();
    expect(await settleOrder(run, placed!.row, { policy: 'deactivate', verdictsUntil })).toBeNull();
    expect(new Set(warnings).size).toBe(count);
    expect(await orderById(run.ledger, placed!.row.id)).toMatchObject({
      run_id: null,
      status: 'pending',
    });
  });
});
