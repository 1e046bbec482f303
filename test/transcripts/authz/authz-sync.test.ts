import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';
import { anyText, like, listWith } from '../leak/leak-matchers.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

const nothing = { seen: 0, orders: 0, differing: 0, failed: 0, lost: 0, undecided: 0, notAsked: 0 };

describe('authz sync', { concurrent: true, timeout: 180_000 }, () => {
  it('finds what was done behind the back of the ledger, reports and records it', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-1.test'), 1);
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-2.test'), 1);
    const [changed, same] = await customer.listed();
    const same1 = await customer.run(['authz', 'sync', '--json']);
    expectExit(same1, 0);
    expect(jsonLines(same1)).toEqual([{ summary: { ...nothing, seen: 2, orders: 2 } }]);
    const account = await customer.account();
    await account.post(changed!.url, { status: 'deactivated' });

    const sync = await customer.run(['authz', 'sync', '--json']);
    expectExit(sync, 0);
    const lines = jsonLines<{ kind?: string }>(sync);
    const [order, authorization, rest] = ['order', 'authorization', undefined].map((kind) =>
      lines.find((line) => line.kind === kind),
    );
    expect(lines).toHaveLength(3);
    expect(authorization).toMatchObject({
      kind: 'authorization',
      url: changed!.url,
      identifier: 'bad-1.test',
      ledger: 'pending',
      ca: 'deactivated',
      differs: true,
      outcome: 'differs',
    });
    expect(order).toMatchObject({ kind: 'order', names: ['bad-1.test'], ledger: 'pending', ca: 'invalid' });
    expect(rest).toEqual({ summary: { ...nothing, seen: 2, orders: 2, differing: 2 } });
    const after = await customer.listed();
    expect(after.map(({ status }) => status)).toEqual(['deactivated', 'pending']);
    expect(Date.parse(after[1]!.checkedAt!)).toBeGreaterThan(Date.parse(same!.checkedAt!));
    const shown = await customer.run(['authz', 'show', '--json', String(changed!.id)]);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      history: listWith([like({ kind: 'difference', data: { ledger: 'pending', ca: 'deactivated' } })]),
    });
  });

  it('says 1 when the CA could not be asked, and records nothing', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad.test'), 1);
    const [before] = await customer.listed();
    customer.proxy.setFault(({ kind }) =>
      kind === 'authz' || kind === 'authzPoll'
        ? { type: 'answer', status: 500, body: {}, withNonce: true }
        : undefined,
    );
    const sync = await customer.run(['authz', 'sync', '--json']);
    expectExit(sync, 1);
    expect(jsonLines(sync)).toEqual([
      like({
        url: before?.url,
        ledger: 'pending',
        ca: null,
        differs: false,
        reason: anyText,
      }),
      { summary: { ...nothing, seen: 1, orders: 1, failed: 1 } },
    ]);
    expect(await customer.listed()).toEqual([before]);
  });

  it('stops asking when the CA wants to be left alone, says until when, and ends with 75', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-1.test', 'bad-2.test'), 1);
    customer.proxy.resetCounts();
    customer.proxy.setFault(({ method }) => (method === 'POST' ? limit : undefined));
    const sync = await customer.run(['authz', 'sync', '--json', '--concurrency', '1']);
    expectExit(sync, 75);
    expect(jsonLines(sync)).toEqual([{ summary: { ...nothing, notAsked: 3 } }]);
    expect(sync.stderr).toMatch(/^error: .*slow down.*\nhint: try again at \d{4}-\S+\n$/);
    expect(customer.proxy.requests.filter(({ method }) => method === 'POST')).toHaveLength(1);
  });

  it('tells of an order whose newOrder was never answered, once its run is dead', async () => {
    const customer = await lab.newCustomer();
    let letGo = (): void => undefined;
    const held = new Promise<void>((resolve) => (letGo = resolve));
    customer.proxy.setFault(async ({ kind }) => {
      if (kind !== 'newOrder') return undefined;
      await held;
      return { type: 'drop' };
    });
    const running = customer.startIssue('good.test');
    await until('newOrder is sent', () => customer.proxy.counts.newOrder === 1);
    const during = await customer.run(['authz', 'sync']);
    expect(during.stdout).toBe(
      '0 authorizations and 0 orders compared, 0 differed and are recorded, 0 could not be asked for\n',
    );
    running.kill('SIGKILL');
    await running.finished;
    letGo();
    customer.proxy.setFault();
    const sync = await customer.run(['authz', 'sync']);
    expectExit(sync, 0);
    expect(sync.stdout).toMatch(
      /^lost {2}order 1 \(good\.test\) \(newOrder may have been sent, and was never answered: /,
    );
    expect(sync.stdout).toMatch(/, 1 lost\n$/);
  });
});

const limit = {
  type: 'answer',
  status: 429,
  headers: { 'retry-after': '3600' },
  body: { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'slow down', status: 429 },
  withNonce: true,
} as const;
