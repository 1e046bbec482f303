import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawDatabase } from '../../support/raw-database.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from '../leak/leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

/** As a run that was stopped in the middle of a transaction does. */
function holdLock({ stateDir }: Customer): () => void {
  const holder = rawDatabase(path.join(stateDir, 'ledger.sqlite'), { fileMustExist: true });
  holder.exec('begin immediate');
  return () => holder.close();
}

describe('a run that was stopped inside a transaction', { timeout: 120_000 }, () => {
  it('makes every other command that writes end with 75 and a hint, and those that read go on', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('site.test'), 0);
    const release = holdLock(customer);
    const writing = [
      ['issue', 'site.test', '--force', '--challenge', 'http-01', '--hook', customer.hook],
      ['renew', '--all'],
      ['cert', 'add', 'other.test', '--challenge', 'http-01', '--hook', customer.hook],
      ['cert', 'remove', 'site.test'],
      ['cert', 'revoke', 'site.test'],
      ['authz', 'clear'],
      ['authz', 'sync'],
      ['account', 'register'],
      ['ledger', 'check'],
    ];
    customer.proxy.resetCounts();
    const results = await Promise.all(writing.map((args) => customer.run(args)));
    const read = await customer.run(['cert', 'list']);
    release();
    for (const [index, { exitCode, stderr }] of results.entries()) {
      const said = `${writing[index]!.join(' ')}: ${stderr}`;
      expect({ said, exitCode }).toEqual({ said, exitCode: 75 });
      expect(said).toMatch(/is locked by another process\nhint: run the same again in a while/);
    }
    expect(customer.proxy.counts).toMatchObject({ newOrder: 0, revoke: 0 });
    expectExit(read, 0);
    expectExit(await customer.run(['renew', '--all']), 0);
  });

  it('in the middle of another run: that ends with 75, and leaves nothing open at the CA', async () => {
    const customer = await lab.newCustomer();
    let release = (): void => undefined;
    customer.proxy.setFault(({ kind, count }) => {
      if (kind === 'newOrder' && count === 1) release = holdLock(customer);
      return undefined;
    });
    const result = await customer.issue('mid.test');
    release();
    expectExit(result, 75);
    expect(result.stderr).toMatch(/is locked by another process/);
    expect(Object.values(await customer.atCa())).toEqual(['deactivated']);
    expectExit(await customer.issue('mid.test'), 0);
  });
});
