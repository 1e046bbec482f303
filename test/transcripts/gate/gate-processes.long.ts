import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeakLab, expectExit, startLeakLab, until } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('many processes on one ledger', { timeout: 120_000 }, () => {
  it('never have more open at the CA than --max-pending, and all get their certificates with --wait', async () => {
    const customer = await lab.newCustomer();
    const sets = Array.from({ length: 8 }, (_, index) =>
      index % 3 === 2 ? [`slow-${index}.test`] : [`slow-${index}.test`, `www.slow-${index}.test`],
    );
    const results = await Promise.all(
      sets.map((names) => customer.issue('--max-pending', '5', '--wait', '90s', ...names)),
    );
    for (const result of results) expectExit(result, 0);
    const { census } = customer.proxy;
    expect(census.mostOpen).toBeLessThanOrEqual(5);
    // They did work side by side.
    expect(census.mostOpen).toBeGreaterThan(2);
    expect(census.authorizations.size).toBe(sets.flat().length);
    expect(census.open()).toEqual([]);
    for (const names of sets) {
      const file = path.join(customer.stateDir, 'certificates', names[0]!, 'fullchain.pem');
      const certificate = new X509Certificate(await readFile(file));
      expect(names.filter((name) => certificate.checkHost(name) === undefined)).toEqual([]);
    }
    expect(await customer.presented()).toEqual([]);
  });

  it('make one order of the same names: the others are told, and nothing is sent for them', async () => {
    const customer = await lab.newCustomer();
    const first = customer.startIssue('hang.test');
    await until('the first has its order', () => customer.taken().newOrder === 1);
    const second = await customer.issue('--json', 'hang.test');
    expectExit(second, 75);
    expect(JSON.parse(second.stdout)).toMatchObject({
      status: 'deferred',
      certificate: null,
      error: { code: 'busy' },
    });
    expect(second.stderr).toMatch(/another run is working on an order for the same names/);
    first.kill('SIGTERM');
    expectExit(await first.finished, 143);
    expect(customer.taken().newOrder).toBe(1);
  });

  it('with --wait, who comes second gets the certificate of the first', async () => {
    const customer = await lab.newCustomer();
    const first = customer.startIssue('slow.test', 'www.slow.test');
    await until('the first has its order', () => customer.taken().newOrder === 1);
    const second = customer.startIssue('--wait', '60s', '--json', 'slow.test', 'www.slow.test');
    const [one, other] = await Promise.all([first.finished, second.finished]);
    expectExit(one, 0);
    expectExit(other, 0);
    expect(JSON.parse(other.stdout)).toMatchObject({
      status: 'issued',
      certificate: { names: ['slow.test', 'www.slow.test'] },
    });
    expect(customer.proxy.census.mostOpen).toBe(2);
    // A second order for what has just been issued would be spent on nothing (Let's Encrypt: five a week).
    expect(customer.taken().newOrder).toBe(1);
  });
});
