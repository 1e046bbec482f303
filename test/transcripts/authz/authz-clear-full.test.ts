import { afterAll, beforeAll, expect, it } from 'vitest';
import { PendingLimit } from '../../support/misbehaviour/pending-limit.ts';
import { type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

it('an account that the CA calls full for an hour issues again as soon as something was closed', async () => {
  const customer = await lab.newCustomer();
  expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-full.test'), 1);
  customer.proxy.setRules([new PendingLimit({ limit: 1, retryAfterSeconds: 3_600 })]);

  const refused = await customer.issue('good-full.test');
  expectExit(refused, 75);
  expect(refused.stderr).toContain('too many currently pending authorizations');
  expect(refused.stderr).toMatch(
    /hint: .*acme-ledger authz report .*acme-ledger authz discover .*acme-ledger authz clear .*--from-log LOG/,
  );
  const newOrders = (): number => customer.proxy.requests.filter(({ kind }) => kind === 'newOrder').length;
  const sent = newOrders();
  expectExit(await customer.issue('good-full.test'), 75);
  expect(newOrders()).toBe(sent);

  const status = await customer.run(['status']);
  expectExit(status, 0);
  expect(status.stdout).toMatch(/held .*the ledger knows of 1 open, .*acme-ledger authz clear/);

  const cleared = await customer.run(['authz', 'clear', '--all']);
  expectExit(cleared, 0);
  expect(cleared.stdout).toContain('may be asked for new orders again: acme-ledger renew');
  expectExit(await customer.issue('good-full.test'), 0);
}, 120_000);
