import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Customer,
  type LeakLab,
  type ListedAuthz,
  expectExit,
  jsonLines,
  startLeakLab,
} from '../leak/leak-lab.ts';
import { anyText, anyNumber, text, like, listWith } from '../leak/leak-matchers.ts';

let lab: LeakLab;
let customer: Customer;

// One of each: valid, invalid, deactivated, and pending because its order is kept.
beforeAll(async () => {
  lab = await startLeakLab();
  customer = await lab.newCustomer();
  expectExit(await customer.issue('good.list.test', '*.wild.test', '--cert-name', 'x', '--force', ...dns), 1);
  expectExit(await customer.issue('good-1.list.test', 'good-2.list.test'), 0);
  expectExit(await customer.issue('wrong.other.test'), 1);
  expectExit(await customer.issue('bad-1.list.test'), 1);
  expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-2.list.test'), 1);
}, 180_000);

afterAll(() => lab.stop());

// dns-01 with the hook for http-01: nothing is to be seen at the name servers.
const dns = ['--challenge', 'dns-01', '--propagation-timeout', '1s'];

const names = (listed: ListedAuthz[]): string[] => listed.map(({ identifier }) => identifier);

describe('authz list', { concurrent: true, timeout: 180_000 }, () => {
  it('has exactly the fields of docs/json.md, and what the CA last said', async () => {
    const listed = await customer.listed();
    const [account] = jsonLines<{ url: string }>(await customer.run(['account', 'show', '--json']));
    const time = text(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    const good = listed.find(({ identifier }) => identifier === 'good-1.list.test');
    expect(good).toEqual({
      id: anyNumber,
      url: text(/^https:\/\/127\.0\.0\.1:\d+\/authZ\//),
      ca: customer.proxy.directoryUrl,
      account: account?.url,
      identifier: 'good-1.list.test',
      wildcard: false,
      status: 'valid',
      challenge: 'submitted',
      challengeType: 'http-01',
      submittedAt: time,
      createdAt: time,
      checkedAt: time,
      // That of the valid one isn't told by the order, and nobody has asked.
      expiresAt: null,
      refusedAt: null,
      orders: [2],
      source: 'order',
      client: null,
      logFile: null,
      loggedAt: null,
      error: null,
    });
    const invalid = listed.find(({ identifier }) => identifier === 'wrong.other.test');
    expect(invalid?.error).toEqual({
      code: 'authorization-invalid',
      message: text(/^wrong\.other\.test: /),
      hint: anyText,
      problem: {
        type: 'urn:ietf:params:acme:error:unauthorized',
        detail: anyText,
        status: 403,
        subproblems: [],
      },
      retryAt: null,
    });
    expect(listed.find(({ wildcard }) => wildcard)).toMatchObject({
      identifier: 'wild.test',
      status: 'deactivated',
      challenge: 'none',
      challengeType: 'dns-01',
    });
  });

  it('shows the newest first, and --limit cuts behind the filters', async () => {
    const all = await customer.run(['authz', 'list', '--json']);
    const ids = jsonLines<ListedAuthz>(all).map(({ id }) => id);
    expect(ids).toEqual(ids.toSorted((one, other) => other - one));
    expect(names(await customer.listed('--limit', '1'))).toEqual(['bad-2.list.test']);
    expect(names(await customer.listed('--limit', '1', '--name', 'good-1*'))).toEqual(['good-1.list.test']);
  });

  it('--status takes one or more', async () => {
    expect(names(await customer.listed('--status', 'invalid'))).toEqual(['wrong.other.test']);
    expect(names(await customer.listed('--status', 'invalid,pending'))).toEqual([
      'wrong.other.test',
      'bad-2.list.test',
    ]);
    expect(await customer.listed('--status', 'revoked')).toEqual([]);
  });

  it('--unsubmitted shows pending ones whose challenge was never submitted', async () => {
    expect(names(await customer.listed('--unsubmitted'))).toEqual(['bad-2.list.test']);
  });

  it('--name is a glob over whole names, without regard to case; a wildcard is written with its *.', async () => {
    expect(names(await customer.listed('--name', 'BAD-?.list.test'))).toEqual([
      'bad-1.list.test',
      'bad-2.list.test',
    ]);
    expect(names(await customer.listed('--name', '*.other.test'))).toEqual(['wrong.other.test']);
    expect(names(await customer.listed('--name', '?.wild.test'))).toEqual(['wild.test']);
    expect(await customer.listed('--name', 'list.test')).toEqual([]);
    // A dot is a dot.
    expect(await customer.listed('--name', 'wrong.otherxtest')).toEqual([]);
  });

  it('--older-than leaves out what is younger', async () => {
    expect(await customer.listed('--older-than', '1h')).toEqual([]);
    expect((await customer.listed('--older-than', '0s')).length).toBeGreaterThan(4);
  });

  it.for([
    [['--status', 'open'], /--status "open" isn't there/],
    [['--limit', '-1'], /--limit/],
    [['--older-than', 'yesterday'], /--older-than/],
  ] as const)('refuses %j with 2 and a hint', async ([args, message]) => {
    const refused = await customer.run(['authz', 'list', ...args]);
    expectExit(refused, 2);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr).toMatch(/^hint: /m);
    expect(refused.stdout).toBe('');
  });

  it('prints a table without --json', async () => {
    const { stdout } = await customer.run(['authz', 'list', '--status', 'invalid']);
    expect(stdout).toMatch(/ID.*NAME.*STATUS.*CHALLENGE/);
    expect(stdout).toMatch(/wrong\.other\.test.*invalid.*submitted http-01/);
  });
});

describe('authz show', { concurrent: true, timeout: 180_000 }, () => {
  it('shows one by its number or its URL, with everything that happened to it', async () => {
    const [listed] = await customer.listed('--name', 'good-1.list.test');
    const byId = await customer.run(['authz', 'show', '--json', String(listed?.id)]);
    const byUrl = await customer.run(['authz', 'show', '--json', listed?.url ?? '']);
    expect(byUrl.stdout).toBe(byId.stdout);
    const [shown] = jsonLines<ListedAuthz & { history: { at: string; kind: string }[] }>(byId);
    const { history, ...rest } = shown!;
    expect(rest).toEqual(listed);
    expect(history.map(({ kind }) => kind).filter((kind) => kind.startsWith('challenge-'))).toEqual([
      'challenge-presenting',
      'challenge-submitting',
      'challenge-submitted',
      'challenge-cleaned-up',
    ]);
    expect(history.map(({ at }) => at)).toEqual(history.map(({ at }) => at).toSorted());
    expect(history).toContainEqual(
      like({
        kind: 'authorization-status',
        data: like({ to: 'valid' }),
      }),
    );
  });

  it('says that there is none, with 2', async () => {
    for (const key of ['4711', 'https://ca.example/authZ/none', '../etc']) {
      const missing = await customer.run(['authz', 'show', key]);
      expectExit(missing, 2);
      expect(missing.stderr).toMatch(/the ledger has no authorization/);
    }
  });
});

describe('order list and order show', { concurrent: true, timeout: 180_000 }, () => {
  it('show every order with its end, and one with its authorizations and history', async () => {
    const orders = jsonLines<{ id: number; status: string; names: string[] }>(
      await customer.run(['order', 'list', '--json']),
    );
    expect(orders.map(({ id, status }) => [id, status])).toEqual([
      [5, 'pending'],
      [4, 'abandoned'],
      [3, 'invalid'],
      [2, 'valid'],
      [1, 'abandoned'],
    ]);
    expect(orders[0]).toMatchObject({
      names: ['bad-2.list.test'],
      owner: null,
      reserved: 0,
      keptUntil: text(/Z$/),
    });
    const invalid = await customer.run(['order', 'list', '--json', '--status', 'invalid', '--limit', '5']);
    expect(jsonLines(invalid)).toEqual([orders[2]]);
    const [shown] = jsonLines<{ authorizations: object[]; history: { kind: string }[] }>(
      await customer.run(['order', 'show', '--json', '2']),
    );
    expect(shown).toMatchObject({ ...orders[3], error: null });
    expect(shown?.authorizations).toHaveLength(2);
    expect(shown?.history.map(({ kind }) => kind)).toEqual(
      listWith(['order-intent', 'order-answered', 'finalize-sent', 'order-released']),
    );
    const missing = await customer.run(['order', 'show', '99']);
    expectExit(missing, 2);
  });
});

describe('status', { timeout: 180_000 }, () => {
  it('has exactly the shape of docs/json.md', async () => {
    const [status] = jsonLines(await customer.run(['status', '--json']));
    const account = await customer.account();
    expect(status).toEqual({
      accounts: [
        {
          ca: customer.proxy.directoryUrl,
          account: account.url,
          status: 'valid',
          gate: { pending: 1, unsubmitted: 1, reserved: 0, maxPending: 250, free: 249 },
          oldestPendingAt: text(/^20.*Z$/),
          limits: [
            {
              limit: 'pending authorizations',
              subject: null,
              used: 1,
              max: 250,
              nextFreeAt: text(/^20.*Z$/),
            },
          ],
          holds: [],
          suspendedNames: 0,
          // Neither of the two of dns-01 was ever seen, nor the two that the hook refused; one the CA found wrong.
          failingNames: 5,
        },
      ],
      nameServerDelays: [],
      // As for `renew`: the four wait for names that failed.
      certificates: {
        total: 5,
        due: 4,
        now: 0,
        waits: [{ for: 'names', count: 4, firstUntil: text(/^20.*Z$/), lastUntil: text(/^20.*Z$/) }],
        leftAlone: 0,
        failing: 4,
        expiringSoon: 0,
        paused: 0,
        pausedEnding: 0,
        waitingTooLong: 0,
      },
      check: { state: 'warning', reasons: [text(/^4 certificates fail \(bad-1\.list\.test, /)] },
      places: {
        stateDir: customer.stateDir,
        ledger: path.join(customer.stateDir, 'ledger.sqlite'),
        configuration: null,
        configurationPlaces: expect.arrayContaining(['/etc/acme-ledger/config.yaml']) as unknown,
      },
    });
  });

  it('counts the gate against --max-pending, and never below nothing', async () => {
    const [status] = jsonLines(await customer.run(['status', '--json', '--max-pending', '1']));
    expect(status).toMatchObject({ accounts: [{ gate: { maxPending: 1, free: 0 } }] });
  });
});
