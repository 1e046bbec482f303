import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boulder } from '../../support/misbehaviour/boulder.ts';
import { isLostAtPebble } from '../../support/pebble-serial.ts';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab } from '../leak/leak-lab.ts';
import { like, text } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

const hour = 3_600_000;

/** A customer of a CA with Boulder's rules and small limits, which the configuration tells. */
async function limitedCustomer(): Promise<Customer> {
  const customer = await lab.newCustomer();
  const { proxy, stateDir } = customer;
  const rules = boulder({
    limits: {
      newOrders: { limit: 6, periodMs: hour },
      certificatesPerDomain: { limit: 2, periodMs: 7 * 24 * hour },
      certificatesPerSet: { limit: 2, periodMs: 7 * 24 * hour },
      failedAuthorizations: { limit: 2, periodMs: hour },
    },
  });
  proxy.setRules(rules.rules);
  const limits = `limits:
  ${proxy.directoryUrl}:
    newOrders: 6/1h
    certificatesPerDomain: 2/7d
    certificatesPerSet: 2/7d
    failedAuthorizations: 2/1h
    countDeactivations: yes
    reserveForIssue: 34%
`;
  await writeFile(path.join(path.dirname(stateDir), 'acme-ledger.yaml'), limits);
  // Root reads none of the current directory unless told.
  const configured = ['--config', 'acme-ledger.yaml'];
  return {
    ...customer,
    run: (args, options) => customer.run([...configured, ...args], options),
    start: (args, options) => customer.start([...configured, ...args], options),
    issue: (...args) => customer.issue(...configured, ...args),
  };
}

/** What the CA refused for now. */
function tooMany({ proxy }: Customer): number {
  return proxy.requests.filter(({ status }) => status === 429).length;
}

/** Five certificates wanted, of which `renew` makes four, and one made by hand, with what is said on the way. */
async function afterFirstIssue(): Promise<Customer> {
  const customer = await limitedCustomer();
  const { proxy, hook } = customer;
  for (const name of ['one.test', 'two.test', 'three.test', 'four.test', 'five.test']) {
    const args = ['cert', 'add', name, '--challenge', 'http-01', '--hook', hook];
    expectExit(await customer.run(args), 0);
  }
  const planned = await customer.run(['renew', '--dry-run', '--agree-tos']);
  expectExit(planned, 0);
  expect(planned.stdout).toContain('would spend 4 of 6 new orders (0 used)');
  expect(planned.stdout).toMatch(
    /: missing, 1 order with 1 name, deferred: the CA's limit on new orders .*; the next is free at 20\d\d-/,
  );
  expect(planned.stdout).toMatch(
    /5 due \(4 go now; 1 waits for the CA until \S+Z\), 0 not due; nothing was sent/,
  );
  expect(proxy.requests).toEqual([]);

  const first = await customer.run(['renew', '--json', '--agree-tos']);
  expectExit(first, 75);
  expect(jsonLines(first).at(-1)).toEqual({ summary: like({ issued: 4, deferred: 1, failed: 0 }) });
  expect(jsonLines(first)[0]).toMatchObject({
    status: 'deferred',
    error: {
      code: 'ca-limit',
      retryAt: text(/^20/),
      message: text(/^the CA's limit on new orders .* the last 2 are left to issue; the next is free at /),
    },
  });
  proxy.resetCounts();
  expectExit(await customer.run(['renew', '--agree-tos']), 75);
  expect(proxy.requests).toEqual([]);

  // What renew leaves is there for issue.
  expectExit(await customer.issue('a.shop.test'), 0);
  return customer;
}

/** What the ledger says of a certificate. */
async function serialOf(customer: Customer, name: string): Promise<string> {
  const { stdout } = await customer.run(['cert', 'show', name, '--json']);
  return (JSON.parse(stdout) as { serial: string }).serial;
}

describe('limits that the CA has and the ledger counts', { timeout: 180_000 }, () => {
  it('are planned, kept and told by renew and issue, and none of them is ever hit', async () => {
    let customer = await afterFirstIssue();
    while (isLostAtPebble(await serialOf(customer, 'a.shop.test'))) customer = await afterFirstIssue();
    expectExit(await customer.issue('b.shop.test'), 0);
    const dryRun = await customer.issue('c.shop.test', '--dry-run');
    expect(dryRun.stdout).toContain('would spend 1 of 6 new orders (6 used)');
    expect(dryRun.stdout).toContain('would spend 1 of 2 certificates per domain for shop.test (2 used)');
    const refused = await customer.issue('c.shop.test');
    expectExit(refused, 75);
    expect(refused.stderr).toMatch(
      /the CA's limit on new certificates of a registered domain has no room for shop\.test: 2 of 2 are used/,
    );

    // The same names again are a renewal, until the exact set is used up.
    expectExit(await customer.issue('a.shop.test', '--force'), 0);
    expectExit(await customer.issue('a.shop.test', '--force'), 75);
    const status = await customer.run(['status', '--json']);
    expect(JSON.parse(status.stdout)).toMatchObject({
      accounts: [
        {
          limits: [
            { limit: 'pending authorizations' },
            { limit: 'new orders', subject: null, used: 6, max: 6, nextFreeAt: text(/^20/) },
            { limit: 'certificates per domain', subject: 'shop.test', used: 2, max: 2 },
            { limit: 'certificates per set', subject: 'a.shop.test', used: 2, max: 2 },
          ],
        },
      ],
    });
    expect(tooMany(customer)).toBe(0);
  });

  it('stop a name from being ordered before the CA refuses it, and nothing else', async () => {
    const customer = await limitedCustomer();
    for (let failed = 0; failed < 2; failed += 1) expectExit(await customer.issue('wrong.test'), 1);
    customer.proxy.resetCounts();
    const refused = await customer.issue('wrong.test', 'well.test');
    expectExit(refused, 75);
    expect(refused.stderr).toContain(
      "the CA's limit on failed validations of a name has no room for wrong.test: 2 of 2 are used",
    );
    expect(customer.proxy.counts.newOrder).toBe(0);
    expectExit(await customer.issue('well.test'), 0);
    expect(tooMany(customer)).toBe(0);
  });
});
