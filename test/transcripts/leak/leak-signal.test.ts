import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProgramResult, RunningProgram } from '../../support/program.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab, until } from './leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

/** Sends the signal, and holds what is promised of every interrupted run (settled within 10 s). */
async function interrupt(
  customer: Customer,
  running: RunningProgram,
  signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM',
): Promise<ProgramResult> {
  const sentAt = Date.now();
  running.kill(signal);
  const result = await running.finished;
  expect(Date.now() - sentAt).toBeLessThan(10_000);
  expectExit(result, signal === 'SIGINT' ? 130 : 143);
  expect(customer.proxy.census.unsubmitted()).toEqual([]);
  expect(await customer.presented()).toEqual([]);
  return result;
}

describe('a signal', { concurrent: true, timeout: 180_000 }, () => {
  it.for(['SIGTERM', 'SIGINT'] as const)(
    '%s while a hook hangs: settled, said, and the next issue works',
    async (signal) => {
      const customer = await lab.newCustomer();
      const running = customer.startIssue('--json', 'good.test', 'hang.test');
      await until('both answers are up', async () => (await customer.presented()).length === 2);
      const result = await interrupt(customer, running, signal);
      expect(result.stderr).toMatch(`interrupted by ${signal}`);
      expect(JSON.parse(result.stdout)).toMatchObject({
        status: 'failed',
        certificate: null,
        error: { code: 'interrupted' },
      });
      expect(await customer.atCa()).toEqual({ 'good.test': 'deactivated', 'hang.test': 'deactivated' });
      expect(await customer.listed('--status', 'pending')).toEqual([]);
      expect((await customer.hookCalls()).toSorted()).toEqual([
        'cleanup good.test',
        'cleanup hang.test',
        'present good.test',
        'present hang.test',
      ]);
      await customer.mendHook();
      expectExit(await customer.issue('good.test', 'hang.test'), 0);
    },
  );

  it('while a hook ignores SIGTERM, at clean-up too: out within 10 s all the same', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('deaf.test');
    await until('the answer is up', async () => (await customer.presented()).length === 1);
    await interrupt(customer, running);
    expect(await customer.atCa()).toEqual({ 'deaf.test': 'deactivated' });
  });

  it('during newOrder: its answer is waited for, and what it opened is deactivated', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'newOrder' ? { type: 'delay', ms: 1500, what: 'answer' } : undefined,
    );
    const running = customer.startIssue('one.test', 'two.test');
    await until('newOrder is at the CA', () => customer.proxy.census.open().length === 2);
    await interrupt(customer, running);
    expect(await customer.atCa()).toEqual({ 'one.test': 'deactivated', 'two.test': 'deactivated' });
    customer.proxy.setFault();
    expectExit(await customer.issue('one.test', 'two.test'), 0);
  });

  it('during newOrder under the policy "resume": the next issue takes the same order', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'newOrder' ? { type: 'delay', ms: 1500, what: 'answer' } : undefined,
    );
    const running = customer.startIssue('--on-unsubmitted', 'resume', 'one.test');
    await until('newOrder is at the CA', () => customer.proxy.census.open().length === 1);
    running.kill('SIGTERM');
    expectExit(await running.finished, 143);
    expect(await customer.atCa()).toEqual({ 'one.test': 'pending' });
    customer.proxy.setFault();
    customer.proxy.resetCounts();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'one.test'), 0);
    expect(customer.proxy.counts.newOrder).toBe(0);
  });

  it('while the authorizations are fetched', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'authz' ? { type: 'delay', ms: 1000, what: 'request' } : undefined,
    );
    const running = customer.startIssue('one.test', 'two.test');
    await until('they are asked for', () => customer.proxy.counts.authz > 0);
    await interrupt(customer, running);
    expect(await customer.atCa()).toEqual({ 'one.test': 'deactivated', 'two.test': 'deactivated' });
  });

  it('and another in the same moment: settled; a later one ends it where it stands, for the next run to settle', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'deactivate' ? { type: 'delay', ms: 20_000, what: 'request' } : undefined,
    );
    const running = customer.startIssue('hang.test');
    await until('the answer is up', async () => (await customer.presented()).length === 1);
    running.kill('SIGINT');
    // So soon that they count as one also on a busy machine; two in the same moment would be one signal.
    await delay(20);
    running.kill('SIGINT');
    await until('it is being settled', () => customer.proxy.counts.deactivate > 0);
    await delay(1_000);
    running.kill('SIGINT');
    const { signal, stderr } = await running.finished;
    expect(signal).toBe('SIGINT');
    expect(stderr).toMatch(/^error: ended by another SIGINT.*\nhint: .*authz clear$/m);
    customer.proxy.setFault();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.atCa()).toEqual({ 'hang.test': 'deactivated' });
  });

  it('while a challenge is submitted: submitted ones are left to the CA, never deactivated', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'challenge' ? { type: 'delay', ms: 1500, what: 'answer' } : undefined,
    );
    const running = customer.startIssue('one.test', 'two.test');
    await until('a challenge is on its way', () => customer.proxy.counts.challenge > 0);
    await interrupt(customer, running);
    expect(await customer.atCa()).toEqual({ 'one.test': 'valid', 'two.test': 'valid' });
    expect(customer.proxy.counts.deactivate).toBe(0);
    customer.proxy.setFault();
    customer.proxy.resetCounts();
    expectExit(await customer.issue('one.test', 'two.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 0, challenge: 0 });
    expect(await customer.listed('--status', 'pending')).toEqual([]);
  });

  it('while the CA validates: the verdict is waited for a while, and the order resumed', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('late.test');
    await until('the order is polled', () => customer.proxy.counts.order > 0);
    await interrupt(customer, running);
    expect(customer.proxy.counts.deactivate).toBe(0);
    customer.proxy.resetCounts();
    expectExit(await customer.issue('late.test'), 0);
    expect(customer.proxy.counts.newOrder).toBe(0);
    expect(await customer.atCa()).toEqual({ 'late.test': 'valid' });
  });

  it('while other names await their verdict after one failed: the failed one is not left behind', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind, url, payload }) => {
      // The CA never decides.
      if (kind === 'challenge' && payload !== undefined && url !== '')
        return { type: 'delay', ms: 0, what: 'request' };
      return kind === 'authzPoll'
        ? { type: 'answer', status: 200, body: undecided(customer), withNonce: true }
        : undefined;
    });
    const running = customer.startIssue('late.test', 'bad.test');
    await until('the verdict is awaited', () => customer.proxy.counts.authzPoll > 0);
    await interrupt(customer, running);
    customer.proxy.setFault();
    expect((await customer.atCa())['bad.test']).toBe('deactivated');
  });

  it('while the order is finalized: the next issue gets that certificate without another finalize', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'finalize' ? { type: 'delay', ms: 1500, what: 'answer' } : undefined,
    );
    const running = customer.startIssue('one.test');
    await until('finalize is at the CA', () =>
      customer.proxy.requests.some(({ kind, status }) => kind === 'finalize' && status === 200),
    );
    await interrupt(customer, running);
    customer.proxy.setFault();
    customer.proxy.resetCounts();
    expectExit(await customer.issue('one.test'), 0);
    expect(customer.proxy.counts).toMatchObject({ newOrder: 0, finalize: 0 });
    expect(await customer.atCa()).toEqual({ 'one.test': 'valid' });
  });

  it('while the CA hangs at each deactivation: out within 10 s, taken down, and cleared by the next run', async () => {
    const customer = await lab.newCustomer();
    customer.proxy.setFault(({ kind }) =>
      kind === 'deactivate' ? { type: 'delay', ms: 20_000, what: 'request' } : undefined,
    );
    const running = customer.startIssue('good.test', 'hang.test');
    await until('both answers are up', async () => (await customer.presented()).length === 2);
    const sentAt = Date.now();
    running.kill('SIGTERM');
    expectExit(await running.finished, 143);
    expect(Date.now() - sentAt).toBeLessThan(10_000);
    expect(await customer.presented()).toEqual([]);
    customer.proxy.setFault();
    expectExit(await customer.run(['authz', 'clear']), 0);
    expect(await customer.atCa()).toEqual({ 'good.test': 'deactivated', 'hang.test': 'deactivated' });
  });
});

/** What Pebble would answer for as long as it validates. */
function undecided(customer: Customer): object {
  const { identifier } = [...customer.proxy.census.authorizations.values()].find(
    (one) => one.identifier?.value === 'late.test',
  )!;
  return { status: 'pending', identifier, challenges: [] };
}
