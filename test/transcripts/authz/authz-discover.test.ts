import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { existingAccount } from '../../support/lab-account.ts';
import { given, parted, statesOf, twoClients } from './clear-stage.ts';
import { type LeakLab, expectExit, jsonLines, startLeakLab } from '../leak/leak-lab.ts';
import { text } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('authz clear --method submit', { concurrent: true, timeout: 180_000 }, () => {
  it('closes what the CA does not deactivate', async () => {
    const { customer, other, keyFile } = await twoClients(lab);
    const { authorizations } = await other.order('a.test', '*.b.test');
    customer.proxy.setFault(({ kind }) =>
      kind === 'deactivate'
        ? {
            type: 'answer',
            status: 400,
            body: { type: 'urn:ietf:params:acme:error:malformed' },
            withNonce: true,
          }
        : undefined,
    );
    const log = await given(customer, 'some.log', authorizations.join('\n'));
    const clear = ['authz', 'clear', '--json', '--from-log', log, '--account-key', keyFile];
    const refused = parted(jsonLines(await customer.run(clear)));
    expect(refused.end.summary).toMatchObject({ refused: 2, pending: 2 });
    const run = await customer.run([...clear, '--method', 'submit']);
    expectExit(run, 0);
    const { lines, end } = parted(jsonLines(run));
    expect(lines).toMatchObject([
      { action: 'submitted', after: 'invalid' },
      { action: 'submitted', after: 'invalid' },
    ]);
    expect(end.summary).toMatchObject({ submitted: 2, pending: 0 });
    expect(await statesOf(lab, other, authorizations)).toEqual(['invalid', 'invalid']);
  });
});

describe('authz discover', { concurrent: true, timeout: 180_000 }, () => {
  it("records what is open in the CA's list of orders, and authz clear closes it", async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('good.test'), 0);
    const { keyPem, url } = await customer.account();
    const server = { directoryUrl: customer.proxy.directoryUrl, caPem: lab.pebble.caPem };
    const account = existingAccount(server, keyPem, url);
    for (const name of ['a.test', 'b.test', 'c.test', 'd.test']) await account.order(name);
    const found = await customer.run(['authz', 'discover', '--json']);
    expectExit(found, 0);
    const { lines, end } = parted(jsonLines(found));
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatchObject({ identifier: text(/\.test$/), status: 'pending', account: account.url });
    expect(end.summary).toEqual({ orders: 5, pending: 4, failed: 0, unlisted: 0 });
    expect(await customer.listed('--status', 'pending')).toMatchObject([
      { source: 'discovered' },
      { source: 'discovered' },
      { source: 'discovered' },
      { source: 'discovered' },
    ]);
    const csv = await customer.run(['authz', 'report', '--format', 'csv', '--sort', 'name']);
    expect(csv.stdout).toMatch(/^name,client,pending,unsubmitted,oldestAt,.*\na\.test,,1,1,2/);
    expect((await customer.run(['authz', 'report'])).stdout).toMatch(
      /^NAME +CLIENT +PENDING .*\na\.test +- +1 /,
    );
    // Another ledger on the same account may be working on them: its work isn't closed.
    const left = await customer.run(['authz', 'clear']);
    expectExit(left, 0);
    expect(left.stdout).toMatch(
      /^4 authorizations left alone that are younger than an hour.* --all closes them now/m,
    );
    expect(left.stdout).toMatch(/: 4 pending before, 4 now, 246 of 250 free/m);
    const clear = await customer.run(['authz', 'clear', '--all']);
    expectExit(clear, 0);
    expect(clear.stdout).toMatch(/: 4 pending before, 0 now, 250 of 250 free$/m);
    const again = await customer.run(['authz', 'discover', '--json']);
    expect(jsonLines(again)).toEqual([{ summary: { orders: 1, pending: 0, failed: 0, unlisted: 0 } }]);
  });

  it('says so where the CA keeps no list, and what can be done', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('good.test'), 0);
    customer.proxy.setFault(({ kind }) =>
      kind === 'account'
        ? {
            type: 'change',
            body: (body) => JSON.stringify({ ...(JSON.parse(body) as object), orders: undefined }),
          }
        : undefined,
    );
    const found = await customer.run(['authz', 'discover', '--json']);
    expectExit(found, 0);
    expect(found.stderr).toMatch(/keeps no list of an account's orders.*--from-log/);
    expect(jsonLines(found)).toEqual([{ summary: { orders: 0, pending: 0, failed: 0, unlisted: 1 } }]);
  });
});
