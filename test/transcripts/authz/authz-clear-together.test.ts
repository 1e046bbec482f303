import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askedOf, parted, statesOf, twoClients } from './clear-stage.ts';
import { type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';
import { text } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('authz clear', { timeout: 180_000 }, () => {
  it('closes each once where two runs are at it, whose reports add up', async () => {
    const { customer, other, keyFile } = await twoClients(lab);
    const { authorizations } = await other.order(
      ...Array.from({ length: 40 }, (_, number) => `n${number}.test`),
    );
    const clear = ['authz', 'clear', '--json', '--from-log', '-', '--account-key', keyFile];
    customer.proxy.resetCounts();
    customer.proxy.setLatency(50);
    const input = authorizations.join('\n');
    const runs = await Promise.all([customer.run(clear, { input }), customer.run(clear, { input })]);
    runs.forEach((run) => expectExit(run, 0));
    expect(askedOf(customer)['deactivate']).toBe(40);
    expect(await statesOf(lab, other, authorizations)).toEqual(authorizations.map(() => 'deactivated'));
    const reports = runs.map((run) => parted(jsonLines(run)));
    const done = reports.flatMap(({ lines }) => lines.filter(({ action }) => action === 'deactivated'));
    expect(done.map(({ url }) => url).sort()).toEqual([...authorizations].sort());
    for (const { lines, end } of reports) {
      const { deactivated, otherRuns, pending, failed } = end.summary;
      const final = lines.filter(({ action }) => action === 'already-final').length;
      expect([deactivated! + otherRuns! + final, pending, failed]).toEqual([40, 0, 0]);
    }
  });

  it('ends by the first signal while it waits for who writes into a pipe', async () => {
    const { customer, keyFile } = await twoClients(lab);
    const pipe = path.join(path.dirname(keyFile), 'log.pipe');
    execFileSync('mkfifo', [pipe]);
    // The other client's registration was one, too.
    customer.proxy.resetCounts();
    const clear = customer.start(['authz', 'clear', '--from-log', pipe, '--account-key', keyFile]);
    await until('the account was asked for', () => customer.taken().newAccount > 0);
    await delay(300);
    clear.kill('SIGINT');
    expectExit(await clear.finished, 130);
  });

  it('takes orders, too, and says of an account that it is one', async () => {
    const { customer, other, keyFile } = await twoClients(lab);
    const order = await other.order('a.test', 'b.test');
    const [alone] = (await other.order('c.test')).authorizations;
    const clear = ['authz', 'clear', '--json', '--account-key', keyFile];
    const run = await customer.run([...clear, order.url, alone!]);
    expectExit(run, 0);
    const { lines, end } = parted(jsonLines(run));
    expect(lines.map(({ identifier, action }) => `${identifier} ${action}`).sort()).toEqual(
      ['a.test', 'b.test', 'c.test'].map((name) => `${name} deactivated`),
    );
    expect(end.gates).toMatchObject([{ pendingBefore: 3, pendingAfter: 0 }]);
    expect(customer.taken().order).toBe(1);
    const refused = await customer.run([...clear, other.url]);
    expectExit(refused, 1);
    expect(parted(jsonLines(refused)).lines).toMatchObject([
      { action: 'failed', reason: text(/^it is an account: .*authz discover/) },
    ]);
  });
});
