import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SeenRequest } from '../../support/acme-request.ts';
import type { Fault } from '../../support/fault.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  // A challenge whose nonce the CA rejects and whose answer is lost never arrived: that takes a minute to find out.
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

const preload = fileURLToPath(new URL('../../support/clock-preload.mjs', import.meta.url));
const hourMs = 3_600_000;
const jumps = [
  ['an hour back', -hourMs],
  ['two hours forward', 2 * hourMs],
] as const;

interface ShiftedClock {
  env: Record<string, string>;
  set(shiftMs: number): Promise<void>;
}

function clockOf(customer: Customer): ShiftedClock {
  const file = path.join(path.dirname(customer.stateDir), 'clock-shift');
  return {
    env: { NODE_OPTIONS: `--import=${preload}`, CLOCK_SHIFT_FILE: file },
    set: (shiftMs) => writeFile(file, String(shiftMs)),
  };
}

/** When a run last asked the gate for room. */
function gateCheckedAt({ stateDir }: Customer): string | null {
  const ledger = rawDatabase(path.join(stateDir, 'ledger.sqlite'), { readonly: true });
  const row = ledger.prepare('select gate_checked_at from accounts').get() as { gate_checked_at: string };
  ledger.close();
  return row.gate_checked_at;
}

function startAt(customer: Customer, clock: ShiftedClock, ...args: string[]) {
  const hook = ['--agree-tos', '--challenge', 'http-01', '--hook', customer.hook, '--hook-concurrency', '20'];
  return customer.start(['issue', ...args, ...hook], { env: clock.env });
}

describe.each(jumps)('a clock that jumps %s in the middle of a run', { concurrent: true }, (_title, ms) => {
  it('does not make a wait for room longer or shorter', { timeout: 180_000 }, async () => {
    const customer = await lab.newCustomer();
    const clock = clockOf(customer);
    const holder = customer.startIssue('hang.test', '--max-pending', '1');
    await until('the only place is taken', async () => (await customer.presented()).length === 1);
    const before = gateCheckedAt(customer);
    const startedAt = performance.now();
    const waiting = startAt(customer, clock, 'two.test', '--max-pending', '1', '--wait', '6s');
    await until('it has asked the gate, and waits', () => gateCheckedAt(customer) !== before);
    await clock.set(ms);
    expectExit(await waiting.finished, 75);
    const waitedMs = performance.now() - startedAt;
    holder.kill('SIGTERM');
    await holder.finished;
    expect(waitedMs).toBeGreaterThan(5_500);
    expect(waitedMs).toBeLessThan(90_000);
  });

  it('does not make it take a challenge that the CA is at for lost', { timeout: 180_000 }, async () => {
    const customer = await lab.newCustomer();
    const clock = clockOf(customer);
    // The answer to the challenge is lost, and Pebble is kept waiting for the proof for four seconds.
    customer.proxy.setFault(async ({ kind }: SeenRequest): Promise<Fault | undefined> => {
      if (kind === 'challenge') return { type: 'lose-answer' };
      if (kind === 'order') await clock.set(ms);
      return undefined;
    });
    const result = await startAt(customer, clock, 'late.test').finished;
    expectExit(result, 0);
    expect(customer.taken()).toMatchObject({ newOrder: 1, deactivate: 0, finalize: 1 });
    expect(result.durationMs).toBeLessThan(50_000);
  });
});

describe('a clock that was set between two runs', { concurrent: true, timeout: 180_000 }, () => {
  it.each([
    ['an hour back', hourMs, 0],
    ['two hours forward', 0, 2 * hourMs],
  ])('%s leaves what a killed run left to the next one', async (_title, first, second) => {
    const customer = await lab.newCustomer();
    const clock = clockOf(customer);
    await clock.set(first);
    const killed = startAt(customer, clock, 'good.test', 'hang.test');
    await until('both answers are up', async () => (await customer.presented()).length === 2);
    killed.kill('SIGKILL');
    await killed.finished;
    await clock.set(second);
    await customer.mendHook();
    const result = await startAt(customer, clock, 'good.test', 'hang.test').finished;
    expectExit(result, 0);
    expect(customer.taken()).toMatchObject({ newOrder: 1, finalize: 1 });
    expect(result.durationMs).toBeLessThan(50_000);
    expect(customer.proxy.census.open()).toEqual([]);
  });

  it('days back is told of, and the certificate is fetched, not ordered anew, when it is right again', async () => {
    const customer = await lab.newCustomer();
    const clock = clockOf(customer);
    const before = await customer.issue('old.test', '--cert-name', 'site');
    expectExit(before, 0);
    const file = path.join(customer.stateDir, 'certificates', 'site', 'fullchain.pem');
    const old = await readFile(file, 'utf8');
    await clock.set(-72 * hourMs);
    const args = ['new.test', '--cert-name', 'site'];
    const result = await startAt(customer, clock, ...args).finished;
    expectExit(result, 1);
    expect(result.stderr).toMatch(
      /it begins at \S+ \(this machine's clock says \S+\)\nhint: if the clock is wrong, set it/,
    );
    expect(await readFile(file, 'utf8')).toBe(old);
    customer.proxy.resetCounts();
    expectExit(await customer.issue(...args), 0);
    expect(customer.taken()).toMatchObject({ newOrder: 0, finalize: 0, certificate: 1 });
    expect(await readFile(file, 'utf8')).not.toBe(old);
  });
});
