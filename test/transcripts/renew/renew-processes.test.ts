import { appendFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawDatabase } from '../../support/raw-database.ts';
import type { RunningProgram } from '../../support/program.ts';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

interface Line {
  name?: string;
  status?: string;
  error?: { code: string; message: string } | null;
  summary?: { due: number; issued: number; deferred: number };
}

/** A customer whose ledger wants these certificates; each deploy hook writes a line into `deployed`, and waits for the file `go` beside it. */
async function wanting(names: string[]): Promise<Customer & { deployed: string; go: string }> {
  const customer = await lab.newCustomer();
  const [deployed, go] = ['deployed', 'go'].map((name) =>
    path.join(path.dirname(customer.stateDir), name),
  ) as [string, string];
  await appendFile(deployed, '');
  const hooks = ['--hook', customer.hook, '--hook-concurrency', '20'];
  const deploy = [
    '--deploy-hook',
    `echo done >> '${deployed}'; until [ -e '${go}' ]; do sleep 0.1; done; true`,
  ];
  for (const name of names)
    expectExit(await customer.run(['cert', 'add', name, '--challenge', 'http-01', ...hooks, ...deploy]), 0);
  return { ...customer, deployed, go };
}

function startRenew(customer: Customer): RunningProgram {
  return customer.start(['renew', '--json', '--agree-tos', '--concurrency', '2']);
}

function certificates({ stateDir }: Customer): Record<string, string | null>[] {
  const ledger = rawDatabase(path.join(stateDir, 'ledger.sqlite'), { readonly: true });
  try {
    return ledger.prepare('select * from certificates').all() as Record<string, string | null>[];
  } finally {
    ledger.close();
  }
}

describe('two renewals at once', { concurrent: true, timeout: 180_000 }, () => {
  it('share what is due: each certificate gets one order, and its deploy hook runs once', async () => {
    const names = Array.from({ length: 6 }, (_, index) => `slow-${String(index)}.test`);
    const customer = await wanting(names);
    await appendFile(customer.go, '');
    const first = startRenew(customer);
    await until('the first has two orders', () => customer.taken().newOrder === 2);
    const results = [await startRenew(customer).finished, await first.finished];
    for (const result of results) expect([0, 75], result.stderr).toContain(result.exitCode);
    const lines = results.map((result) => jsonLines<Line>(result));
    // Who comes second has work left to do, and so has the first after that.
    for (const own of lines)
      expect(own.filter(({ status }) => status === 'issued').length).toBeGreaterThan(1);
    const issued = new Set(lines.flat().flatMap(({ status, name }) => (status === 'issued' ? [name] : [])));
    expect([...issued].sort()).toEqual(names);
    expect(lines.flat().filter(({ status }) => status === 'failed')).toEqual([]);
    expect(customer.taken().newOrder).toBe(6);
    expect(certificates(customer).map((row) => [row['stored_at'] !== null, row['last_error']])).toEqual(
      names.map(() => [true, null]),
    );
    expect(await readFile(customer.deployed, 'utf8')).toBe('done\n'.repeat(6));
  });

  it('the second is told with 75 when all that is due is in the hands of the first, and leaves no trace of it', async () => {
    const customer = await wanting(['hang.test']);
    const first = startRenew(customer);
    await until('the first has its order', () => customer.taken().newOrder === 1);
    const second = await startRenew(customer).finished;
    expectExit(second, 75);
    expect(jsonLines<Line>(second)).toMatchObject([
      { name: 'hang.test', status: 'deferred', error: { code: 'busy' } },
      { summary: { due: 1, issued: 0, deferred: 1 } },
    ]);
    expect(certificates(customer)).toMatchObject([{ last_error: null }]);
    first.kill('SIGTERM');
    expectExit(await first.finished, 143);
    expect(customer.taken().newOrder).toBe(1);
  });

  it('a deploy hook that the first is running is left to it', async () => {
    const customer = await wanting(['one.test']);
    const first = startRenew(customer);
    await until('the hook runs', async () => (await readFile(customer.deployed, 'utf8')) !== '');
    const second = await startRenew(customer).finished;
    expectExit(second, 75);
    expect(jsonLines<Line>(second)[0]).toMatchObject({ status: 'deferred', error: { code: 'busy' } });
    await appendFile(customer.go, '');
    expectExit(await first.finished, 0);
    expect(await readFile(customer.deployed, 'utf8')).toBe('done\n');
    expect(customer.taken().newOrder).toBe(1);
    const third = await startRenew(customer).finished;
    expect(jsonLines<Line>(third)).toMatchObject([{ summary: { due: 0 } }]);
  });
});
