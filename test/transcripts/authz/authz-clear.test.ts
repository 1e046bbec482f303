import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';
import { text } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('authz clear', { concurrent: true, timeout: 180_000 }, () => {
  it('takes URLs that the ledger does not know, and leaves everything else alone', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad.test'), 1);
    const account = await customer.account();
    const { authorizations } = await account.order('unknown-1.test', 'unknown-2.test');
    const [first, second] = authorizations.map(
      (url) => new URL(new URL(url).pathname, customer.proxy.directoryUrl).href,
    );
    const clear = await customer.run(['authz', 'clear', '--json', first!]);
    expectExit(clear, 0);
    expect(jsonLines(clear)).toEqual([
      {
        url: first,
        // A CA lists the authorizations of an order as it likes.
        identifier: expect.stringMatching(/^unknown-[12]\.test$/) as unknown,
        before: null,
        action: 'deactivated',
        after: 'deactivated',
        reason: null,
        account: account.url,
        client: null,
        expiresAt: expect.stringMatching(/^20/) as unknown,
        retryAt: null,
        otherRun: null,
        youngUntil: null,
        isUndated: false,
      },
      {
        young: { count: 0, until: null },
        undated: 0,
        later: { count: 0, names: [], firstAt: null },
        gates: [
          {
            ca: customer.proxy.directoryUrl,
            account: account.url,
            // The other one of the two isn't known here; another is kept.
            pendingBefore: 2,
            pendingAfter: 1,
            maxPending: 250,
            free: 249,
            nextExpiryAt: expect.stringMatching(/^20/) as unknown,
          },
        ],
        notAsked: 0,
        summary: {
          seen: 1,
          pending: 0,
          deactivated: 1,
          submitted: 0,
          refused: 0,
          failed: 0,
          gone: 0,
          foreign: 0,
          otherRuns: 0,
        },
      },
    ]);
    const states = await Promise.all(
      [first!, second!].map(
        async (url) => (JSON.parse((await account.post(url)).body) as { status: string }).status,
      ),
    );
    expect(states).toEqual(['deactivated', 'pending']);
    expect(await customer.atCa()).toMatchObject({ 'bad.test': 'pending' });
    expect(await customer.listed('--name', 'unknown-?.test')).toMatchObject([
      { source: 'discovered', orders: [], status: 'deactivated' },
    ]);
    const again = await customer.run(['authz', 'clear', '--json', first!]);
    expect(jsonLines(again)[0]).toMatchObject({
      action: 'already-final',
      before: 'deactivated',
      after: 'deactivated',
    });
  });

  it('never sends a signed request to another host, and wants to know whose account', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('good.test'), 0);
    const before = customer.proxy.requests.length;
    const unencrypted = customer.proxy.directoryUrl.replace('https', 'http');
    for (const url of ['https://ca.example/authZ/1', 'not a URL', '/authZ/1', unencrypted]) {
      const refused = await customer.run(['authz', 'clear', url]);
      expectExit(refused, 2);
      expect(refused.stderr).toMatch(/isn't a URL of https:\/\/127\.0\.0\.1/);
    }
    expect(customer.proxy.requests).toHaveLength(before);
  });

  it('never deactivates a valid authorization, not even by its URL with --all', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('good.test'), 0);
    const [listed] = await customer.listed();
    const clear = await customer.run(['authz', 'clear', '--all', '--json', listed!.url]);
    expectExit(clear, 0);
    expect(jsonLines(clear)[0]).toMatchObject({ action: 'already-final', before: 'valid', after: 'valid' });
    expect(customer.proxy.counts.deactivate).toBe(0);
  });

  it('leaves alone what another run works on, also with --all', async () => {
    const customer = await lab.newCustomer();
    const running = customer.startIssue('hang.test');
    await until('it is presented', async () => (await customer.presented()).length === 1);
    const clear = await customer.run(['authz', 'clear', '--all', '--json']);
    expectExit(clear, 0);
    expect(jsonLines(clear)[0]).toMatchObject({
      identifier: 'hang.test',
      action: 'resumable',
      after: 'pending',
      reason: text(/being worked on/),
    });
    expect(await customer.presented()).toHaveLength(1);
    expect(customer.proxy.counts.deactivate).toBe(0);
    running.kill('SIGTERM');
    expectExit(await running.finished, 143);
  });

  it('with a ledger that knows no account says so, and sends nothing', async () => {
    const customer = await lab.newCustomer();
    const refused = await customer.run(['authz', 'clear']);
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(/the ledger has no account/);
    expect(customer.proxy.requests).toEqual([]);
  });
});
