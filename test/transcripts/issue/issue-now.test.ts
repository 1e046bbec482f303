import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { rateLimited } from '../../support/misbehaviour/boulder-problem.ts';
import { PendingLimit } from '../../support/misbehaviour/pending-limit.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

function newOrdersTo({ proxy }: Customer): number {
  return proxy.requests.filter(({ kind }) => kind === 'newOrder').length;
}

/** A customer whose account the CA calls full for an hour, after a refusal. */
async function heldCustomer(): Promise<Customer> {
  const customer = await lab.newCustomer();
  expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-now.test'), 1);
  customer.proxy.setRules([new PendingLimit({ limit: 1, retryAfterSeconds: 3_600 })]);
  expectExit(await customer.issue('good-now.test'), 75);
  return customer;
}

it('issue --now asks the CA once in spite of a hold, which ends when the CA makes the order', async () => {
  const customer = await heldCustomer();
  const sent = newOrdersTo(customer);
  const held = await customer.issue('good-now.test');
  expectExit(held, 75);
  expect(newOrdersTo(customer)).toBe(sent);
  // Refused by a hold, each command names the way past it.
  expect(held.stderr).toContain('acme-ledger issue good-now.test --now asks the CA all the same, once');
  const renewed = await customer.run(['renew']);
  expectExit(renewed, 75);
  expect(renewed.stderr).toContain('acme-ledger issue good-now.test --now asks');
  expect(newOrdersTo(customer)).toBe(sent);

  customer.proxy.setRules([]);
  expectExit(await customer.issue('--now', 'good-now.test'), 0);
  expect((await customer.run(['status'])).stdout).not.toContain('held');
  expectExit(await customer.issue('another-now.test'), 0);
}, 120_000);

it('the count of the limit that the hold was about stands against nobody after issue --now either', async () => {
  const customer = await lab.newCustomer();
  const config = `${customer.hook}.yaml`;
  await writeFile(config, `limits:\n  ${customer.proxy.directoryUrl}:\n    newOrders: 300/3h\n`);
  const issue = (...args: string[]) => customer.issue('--config', config, ...args);
  const usedUp = () =>
    rateLimited('too many new orders (300) from this account', '#new-orders-per-account', 3_600);
  customer.proxy.setRules([{ before: ({ kind }) => (kind === 'newOrder' ? usedUp() : undefined) }]);
  expectExit(await issue('good-now.test'), 75);
  const status = async () => (await customer.run(['status', '--config', config])).stdout;
  expect(await status()).toMatch(/300 of 300 new orders used, the next is free at/);

  customer.proxy.setRules([]);
  expectExit(await issue('--now', 'good-now.test'), 0);
  expect(await status()).toMatch(/1 of 300 new orders used$/m);
  expectExit(await issue('another-now.test'), 0);
}, 120_000);

it('a refusal of issue --now renews the hold, and tells what it means', async () => {
  const customer = await heldCustomer();
  const sent = newOrdersTo(customer);
  const refused = await customer.issue('--now', 'good-now.test');
  expectExit(refused, 75);
  expect(newOrdersTo(customer)).toBe(sent + 1);
  expect(refused.stderr).toMatch(
    /hint: asked with --now, the CA refused it: every run on this ledger waits until 20\S+Z, and asking again may lengthen that; .*acme-ledger authz clear/,
  );
  // Once: the hold binds whoever doesn't ask for it anew.
  expectExit(await customer.issue('good-now.test'), 75);
  expect(newOrdersTo(customer)).toBe(sent + 1);
}, 120_000);

it('issue --now --dry-run says in spite of what the CA would be asked, and sends nothing', async () => {
  const customer = await heldCustomer();
  const sent = newOrdersTo(customer);
  const foreseen = await customer.issue('--now', '--dry-run', 'good-now.test');
  expectExit(foreseen, 0);
  expect(foreseen.stdout).toMatch(/the CA would be asked once in spite of this: .*not to be asked before/);
  expect(foreseen.stdout).not.toContain('deferred');
  const json = await customer.issue('--now', '--dry-run', '--json', 'good-now.test');
  expect(JSON.parse(json.stdout)).toMatchObject({ deferral: null, inSpiteOf: { code: 'ca-limit' } });
  expect(newOrdersTo(customer)).toBe(sent);
}, 120_000);

it('issue --now never goes past the gate', async () => {
  const customer = await lab.newCustomer();
  const running = customer.startIssue('hang-now.test');
  await until('it is presented', async () => (await customer.presented()).length === 1);
  customer.proxy.setRules([new PendingLimit({ limit: 1, retryAfterSeconds: 3_600 })]);
  expectExit(await customer.issue('good-now.test'), 75);
  const sent = newOrdersTo(customer);
  const refused = await customer.issue('--now', '--max-pending', '1', 'good-now.test');
  expectExit(refused, 75);
  expect(refused.stderr).toMatch(/^error: no room for 1 more/m);
  expect(newOrdersTo(customer)).toBe(sent);
  running.kill('SIGTERM');
  await running.finished;
}, 120_000);
