import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listedAuthorization } from '../../src/ledger/authorizations/authorization-list.ts';
import {
  authorizationById,
  recordRefused,
  recordSeen,
} from '../../src/ledger/authorizations/authorizations.ts';
import {
  recordNotSubmitted,
  recordSubmitted,
  recordSubmitting,
} from '../../src/ledger/orders/submissions.ts';
import { orderById, recordOrderAnswer, releaseOrder } from '../../src/ledger/orders/orders.ts';
import { takeOver } from '../../src/ledger/orders/order-ownership.ts';
import type { OrderAnswer } from '../../src/ledger/orders/orders.ts';
import {
  insertPresentations,
  presentationsUp,
  recordCleanedUp,
} from '../../src/ledger/orders/presentations.ts';
import type { AuthorizationRow } from '../../src/ledger/schema.ts';
import {
  authorizationSources,
  authorizationStatuses,
  authorizationStatusesBefore,
  challengeProgresses,
  challengeProgressesBefore,
  orderStatuses,
  orderStatusesBefore,
} from '../../src/ledger/states.ts';
import type { TestLedger } from './new-ledger.ts';
import { answerOf, anOrder, newLedger } from './new-ledger.ts';
import { storedError } from '../support/stored-error.ts';

describe('the database itself', () => {
  const at = new Date('2026-05-01T12:00:00.000Z');
  it.each([
    ['an authorization status', 'authorizations', 'status', authorizationStatuses],
    ['a challenge progress', 'authorizations', 'challenge', challengeProgresses],
    ['an authorization source', 'authorizations', 'source', authorizationSources],
    ['an order status', 'orders', 'status', orderStatuses],
    ['an identifier type', 'authorizations', 'identifier_type', ['dns', 'ip']],
    ['a flag', 'authorizations', 'wildcard', [0, 1]],
  ] as const)('takes the values of %s and no other', async (_title, table, column, values) => {
    const made = await newLedger();
    const { ledger } = made;
    const { order, authorizationIds } = await anOrder(made, made.account, ['a.test']);
    const id = table === 'orders' ? order.id : (authorizationIds[0] ?? 0);
    // What other columns must have for some of the states.
    if (table === 'orders') await ledger.updateTable('orders').set({ concluded_at: at }).execute();
    else await ledger.updateTable('authorizations').set({ submitted_at: at }).execute();
    const write = (value: unknown) =>
      ledger
        .updateTable(table)
        .set({ [column]: value })
        .where('id', '=', id)
        .execute();
    for (const value of values) await write(value);
    for (const wrong of ['settled', 'PENDING', '', 2]) {
      await expect(write(wrong)).rejects.toMatchObject({ message: /CHECK constraint failed/ });
    }
  });

  it('takes no submitted challenge without the time of it', async () => {
    const made = await newLedger();
    await anOrder(made, made.account, ['a.test']);
    for (const challenge of ['submitting', 'submitted'] as const) {
      const writing = made.ledger.updateTable('authorizations').set({ challenge }).execute();
      await expect(writing).rejects.toMatchObject({ message: /authorizations_submitted_have_time/ });
    }
  });

  it.each([
    ['an answered order without a URL', { url: null }, /orders_answered_have_url/],
    ['a given-up order that is not concluded', { status: 'abandoned' }, /orders_given_up_are_concluded/],
    ['an answered order that reserves', { reserved: 1 }, /orders_only_lost_ones_reserve/],
    ['a negative reservation', { reserved: -1 }, /CHECK constraint failed/],
    ['an order of a run that is not there', { run_id: 'nobody' }, /FOREIGN KEY constraint failed/],
    ['an order of an account that is not there', { account_id: 99 }, /FOREIGN KEY constraint failed/],
  ] as const)('takes no %s', async (_title, change, message) => {
    const made = await newLedger();
    const { order } = await anOrder(made, made.account, ['a.test']);
    const writing = made.ledger.updateTable('orders').set(change).where('id', '=', order.id).execute();
    await expect(writing).rejects.toMatchObject({ code: 'ledger-failed', message });
  });
});

describe('whatever happens in whatever order', () => {
  const authorizationStep = fc.oneof(
    fc.record({ what: fc.constant('seen' as const), status: fc.constantFrom(...authorizationStatuses) }),
    fc.record({
      what: fc.constantFrom('present', 'clean up', 'submitting', 'submitted', 'not submitted', 'refused'),
    }),
  );

  it('an authorization only makes moves that the states allow', { timeout: 180_000 }, async () => {
    const made = await newLedger();
    let orders = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(authorizationStep, { minLength: 1, maxLength: 12 }), async (steps) => {
        const { order, authorizationIds } = await anOrder(made, made.account, [`a${(orders += 1)}.test`]);
        let before = await row(made, authorizationIds[0] ?? 0);
        for (const step of steps) {
          await takeStep(made, order.id, before, step);
          const after = await row(made, before.id);
          expect(authorizationStatusesBefore(after.status)).toContain(before.status);
          expect(challengeProgressesBefore(after.challenge)).toContain(before.challenge);
          if (before.challenge !== 'submitting' && after.challenge === 'submitting')
            expect(before.status).toBe('pending');
          before = after;
        }
      }),
      { numRuns: 40 },
    );
  });

  const orderStep = fc.oneof(
    fc.record({
      what: fc.constant('answer' as const),
      status: fc.constantFrom<OrderAnswer['status']>('pending', 'ready', 'processing', 'valid', 'invalid'),
    }),
    fc.record({
      what: fc.constant('release' as const),
      status: fc.constantFrom('valid', 'invalid', 'abandoned', undefined),
    }),
  );

  it(
    'an order only makes moves that the states allow, and is never open again once it is concluded',
    { timeout: 180_000 },
    async () => {
      const made = await newLedger();
      let orders = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(orderStep, { minLength: 1, maxLength: 12 }), async (steps) => {
          let { order: before } = await anOrder(made, made.account, [`b${(orders += 1)}.test`]);
          for (const { what, status } of steps) {
            await takeOver(made, before, () => false);
            if (what === 'answer') await recordOrderAnswer(made, before, answerOf(before, { status }));
            else await releaseOrder(made, before.id, { status });
            const after = await orderById(made.ledger, before.id);
            expect(orderStatusesBefore(after?.status ?? 'intent')).toContain(before.status);
            if (before.concluded_at !== null) expect(after?.concluded_at).not.toBeNull();
            before = after ?? before;
          }
        }),
        { numRuns: 40 },
      );
    },
  );
});

async function takeStep(
  made: TestLedger,
  orderId: number,
  before: AuthorizationRow,
  step: { what: string; status?: AuthorizationRow['status'] },
): Promise<void> {
  const { id, url } = before;
  const seen = { url, status: step.status ?? 'pending', identifier: null, expiresAt: null };
  const challenge = { authorizationId: id, type: 'http-01', url: `${url}/chall` };
  const steps: Record<string, () => Promise<unknown>> = {
    seen: () => recordSeen(made, [seen]),
    present: () => insertPresentations(made, orderId, [presentationOf(before)]),
    'clean up': async () => {
      await recordCleanedUp(made, await presentationsUp(made.ledger, orderId));
    },
    submitting: () => recordSubmitting(made, orderId, [challenge]),
    submitted: () => recordSubmitted(made, [id]),
    'not submitted': () => recordNotSubmitted(made, id, { orderId }, 'the CA shows it untouched'),
    refused: () => recordRefused(made, id, storedError({ code: 'ca-problem' })),
  };
  await steps[step.what]?.();
}

function presentationOf({ id, url }: AuthorizationRow) {
  return {
    authorizationId: id,
    settings: { solver: 'webroot' },
    challengeType: 'http-01',
    challengeUrl: `${url}/chall`,
    identifier: { type: 'dns', value: 'a.test' },
    token: 'token',
    keyAuthorization: 'token.thumbprint',
  };
}

async function row({ ledger }: TestLedger, id: number): Promise<AuthorizationRow> {
  const found = await authorizationById(ledger, id);
  expect(await listedAuthorization(ledger, { id })).toMatchObject(found ?? { id: 'missing' });
  return found as AuthorizationRow;
}
