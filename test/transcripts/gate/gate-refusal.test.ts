import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

interface Refusal {
  status: string;
  order: object | null;
  authorizations: object[];
  error: { code: string; message: string; hint: string; retryAt: string };
}

/** An order under the policy "resume" that keeps one authorization open. */
async function keepOne(customer: Customer, name: string): Promise<void> {
  expectExit(await customer.issue('--on-unsubmitted', 'resume', name), 1);
}

describe('a full gate', { concurrent: true, timeout: 180_000 }, () => {
  it('refuses with 75 and sends nothing; says how many are open, since when, and what frees the next', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang-1.test', 'hang-2.test');
    await until('they are presented', async () => (await customer.presented()).length === 2);
    const before = customer.proxy.requests.length;
    const refused = await customer.issue('--max-pending', '3', '--json', 'one.test', 'two.test');
    expectExit(refused, 75);
    const sent = customer.proxy.requests
      .slice(before)
      .filter(({ payload }) => JSON.stringify(payload ?? null).includes('one.test'));
    expect(sent).toEqual([]);
    const [report] = jsonLines<Refusal>(refused);
    expect(report).toMatchObject({
      status: 'deferred',
      certificate: null,
      order: null,
      authorizations: [],
      error: { code: 'gate-full' },
    });
    expect(report?.error.message).toMatch(
      /^no room for 2 more: 2 authorizations are open and 0 reserved, of 3 that may be, the oldest since 20\d\d-\d\d-\d\dT[\d:.]+Z; the next one is free when .* expires at 20/,
    );
    expect(Date.parse(report?.error.retryAt ?? '')).toBeGreaterThan(Date.now() - 5_000);
    expect(refused.stderr).toContain(`hint: try again at ${report?.error.retryAt ?? ''}`);
    running.kill('SIGTERM');
    await running.finished;
    expectExit(await customer.issue('--max-pending', '3', 'one.test', 'two.test'), 0);
  });

  it('never lets an order through that has more names than it: exit 2, and nothing is written', async () => {
    const customer = await lab.newCustomer();
    const refused = await customer.issue('--max-pending', '2', 'one.test', 'two.test', 'three.test');
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(/^error: the order has 3 names, but the gate lets only 2 /m);
    expect(customer.proxy.counts.newOrder).toBe(0);
  });

  it('makes room by settling what a killed run left', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang-1.test', 'hang-2.test');
    await until('they are presented', async () => (await customer.presented()).length === 2);
    running.kill('SIGKILL');
    await running.finished;
    expectExit(await customer.issue('--max-pending', '2', 'one.test', 'two.test'), 0);
    expect(customer.proxy.census.mostOpen).toBe(2);
    expect(await customer.atCa()).toMatchObject({
      'hang-1.test': 'deactivated',
      'hang-2.test': 'deactivated',
      'one.test': 'valid',
    });
    expect(await customer.presented()).toEqual([]);
  });

  it('makes room with the oldest of what is kept, and with no more than it needs', async () => {
    const customer = await lab.newCustomer();
    for (const name of ['bad-1.test', 'bad-2.test', 'bad-3.test']) await keepOne(customer, name);
    expectExit(await customer.issue('--on-unsubmitted', 'resume', '--max-pending', '3', 'good.test'), 0);
    expect(await customer.atCa()).toEqual({
      'bad-1.test': 'deactivated',
      'bad-2.test': 'pending',
      'bad-3.test': 'pending',
      'good.test': 'valid',
    });
  });

  it('waits with --wait for a run that ends, and is left by SIGTERM at once', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang.test');
    await until('it is presented', async () => (await customer.presented()).length === 1);
    const waiting = customer.startIssue('--max-pending', '1', '--wait', '60s', 'one.test');
    const leaving = customer.startIssue('--max-pending', '1', '--wait', '60s', 'two.test');
    await until(
      'both have registered a run',
      async () => (await customer.run(['status', '--json'])).exitCode === 0,
    );
    leaving.kill('SIGTERM');
    expectExit(await leaving.finished, 143);
    running.kill('SIGTERM');
    expectExit(await running.finished, 143);
    expectExit(await waiting.finished, 0);
    expect(customer.proxy.census.mostOpen).toBe(1);
    expect(await customer.atCa()).toEqual({ 'hang.test': 'deactivated', 'one.test': 'valid' });
  });

  it('refuses with --wait, too, when the time is over', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang.test');
    await until('it is presented', async () => (await customer.presented()).length === 1);
    const startedAt = Date.now();
    expectExit(await customer.issue('--max-pending', '1', '--wait', '2s', 'one.test'), 75);
    expect(Date.now() - startedAt).toBeGreaterThan(2_000);
    running.kill('SIGTERM');
    await running.finished;
    expect(customer.taken().newOrder).toBe(1);
  });
});

describe('what a certificate does not want any more', { concurrent: true, timeout: 180_000 }, () => {
  it('is deactivated when its names have changed', async () => {
    const customer = await lab.newCustomer();
    const resume = ['--on-unsubmitted', 'resume', '--cert-name', 'site'];
    expectExit(await customer.issue(...resume, 'good.test', 'bad.test'), 1);
    expectExit(await customer.issue(...resume, 'good.test', 'other.test'), 0);
    expectExit(await customer.run(['authz', 'clear', '--on-unsubmitted', 'resume']), 0);
    expect((await customer.atCa())['bad.test']).toBe('deactivated');
  });

  it('is deactivated when it was removed', async () => {
    const customer = await lab.newCustomer();
    await keepOne(customer, 'bad.test');
    expectExit(await customer.run(['cert', 'remove', 'bad.test']), 0);
    expectExit(await customer.run(['authz', 'clear', '--on-unsubmitted', 'resume']), 0);
    expect(await customer.atCa()).toEqual({ 'bad.test': 'deactivated' });
  });
});
