import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Customer, type LeakLab, expectExit, startLeakLab, until } from './leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

/** A customer with a run that was killed when an answer was up whose hook hangs at clean-up, too. */
async function leftUp(hookTimeout: string): Promise<Customer> {
  const customer = await lab.newCustomer();
  const killed = customer.startIssue('--hook-timeout', hookTimeout, 'limp.test');
  await until('it is presented', async () => (await customer.presented()).length === 1);
  killed.kill('SIGKILL');
  await killed.finished;
  return customer;
}

function isStored({ stateDir }: Customer, name: string): boolean {
  return existsSync(path.join(stateDir, 'certificates', name, 'fullchain.pem'));
}

/** With one process of the hook at a time, as is usual: whoever comes first keeps the others waiting. */
const serially = ['--hook-concurrency', '1'];

describe('an answer of a killed run whose clean-up hangs', { timeout: 180_000, concurrent: true }, () => {
  it('keeps no new order waiting: own work first, and then one line', async () => {
    const customer = await leftUp('8s');
    const issued = await customer.issue(...serially, 'good.test');
    expectExit(issued, 0);
    const calls = await customer.hookCalls();
    expect(calls).toEqual([
      'present limp.test',
      'present good.test',
      'cleanup good.test',
      'cleanup limp.test',
    ]);
    expect(issued.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(
        /this run's own work is done; what an earlier run put up for limp\.test is being taken down/,
      ),
    ]);
    expect(await customer.atCa()).toEqual({ 'limp.test': 'deactivated', 'good.test': 'valid' });
    // It stays in the ledger for the next run.
    await customer.mendHook();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.presented()).toEqual([]);
  });

  it('is known to the next run when this one is killed while it hangs', async () => {
    const customer = await leftUp('200s');
    const running = customer.startIssue(...serially, 'good.test');
    await until('the hook hangs', async () => (await customer.hookCalls()).includes('cleanup limp.test'));
    expect(isStored(customer, 'good.test')).toBe(true);
    running.kill('SIGKILL');
    await running.finished;
    expect(await customer.listed('--status', 'pending')).toEqual([]);
    await customer.mendHook();
    expectExit(await customer.issue('other.test'), 0);
    expect(await customer.presented()).toEqual([]);
    expect((await customer.hookCalls()).at(-1)).toBe('cleanup limp.test');
  });

  it('does not cost the result of the work when a person ends the wait for it', async () => {
    const customer = await leftUp('200s');
    const running = customer.startIssue(...serially, 'good.test');
    await until('the hook hangs', async () => (await customer.hookCalls()).includes('cleanup limp.test'));
    running.kill('SIGINT');
    const ended = await running.finished;
    expectExit(ended, 130);
    expect(ended.stdout).toMatch(/^good\.test: issued, valid until /);
    await customer.mendHook();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.presented()).toEqual([]);
  });

  it('is waited for by renew for as long as --max-time says, after all certificates', async () => {
    const customer = await leftUp('200s');
    expectExit(
      await customer.run([
        ...['cert', 'add', 'good.test', '--challenge', 'http-01', '--hook', customer.hook],
        ...serially,
      ]),
      0,
    );
    // The certificate of the killed run stays wanted, and would be ordered with its hook that hangs.
    expectExit(await customer.run(['cert', 'remove', 'limp.test']), 0);
    const renewed = await customer.run(['renew', '--max-time', '8s']);
    expectExit(renewed, 0);
    expect(isStored(customer, 'good.test')).toBe(true);
    // The hook alone would take 200 s.
    expect(renewed.durationMs).toBeLessThan(60_000);
    expect((await customer.hookCalls()).at(-1)).toBe('cleanup limp.test');
    await customer.mendHook();
    expectExit(await customer.run(['renew']), 0);
    expect(await customer.presented()).toEqual([]);
  });
});
