import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { boulder } from '../../support/misbehaviour/boulder.ts';
import { problem } from '../../support/misbehaviour/boulder-problem.ts';
import type { Fault } from '../../support/fault.ts';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type ProxiedCa, type Site, newSite, startProxiedCa } from '../../support/stage.ts';

const day = 86_400_000;

let ca: ProxiedCa;
let lab: ProxiedCa['lab'];
let proxy: ProxiedCa['proxy'];
let site: Site;
let here: Site['here'];

beforeAll(async () => {
  ca = await startProxiedCa({
    env: { PEBBLE_AUTHZREUSE: '100', PEBBLE_WFE_NONCEREJECT: '0' },
    profiles: {
      default: { description: 'as ever', validityPeriod: 90 * 86_400 },
      shortlived: { description: 'six days', validityPeriod: 6 * 86_400 },
    },
  });
  ({ lab, proxy } = ca);
}, 60_000);

afterAll(() => ca.stop());

beforeEach(async () => {
  site = await newSite(ca);
  ({ here } = site);
  proxy.setRules([]);
  proxy.setFault();
  proxy.resetCounts();
  return () => site.remove();
});

function issue(names: string[], ...options: string[]): Promise<ProgramResult> {
  return here.run(['issue', ...names, '--webroot', here.webroot, '--json', ...options]);
}

/** As if the certificate lived for so long, of which so much is left. */
function setLife(name: string, lifeDays: number, daysLeft: number): void {
  const at = (days: number): string => new Date(Date.now() + days * day).toISOString();
  const [begin, end] = [at(daysLeft - lifeDays), at(daysLeft)];
  here.change('update certificates set not_before = ?, not_after = ? where name = ?', begin, end, name);
}

/** The CA answers each newOrder so. */
function refuseOrders(status: number, detail: string, headers: Record<string, string>): void {
  const type = status === 429 ? 'rateLimited' : 'malformed';
  const answer: Fault = { type: 'answer', withNonce: true, ...problem(status, type, detail, headers) };
  proxy.setFault(({ kind }) => (kind === 'newOrder' ? answer : undefined));
}

interface Told {
  error: { code: string; retryAt: string; hint: string | null; message: string };
}

describe('what a CA says of waiting', { timeout: 60_000 }, () => {
  it('of new orders does not keep a renewal waiting that it would take', async () => {
    expect((await issue(['old.wait.test'])).exitCode).toBe(0);
    proxy.setRules(boulder({ reuse: false, limits: { newOrders: { limit: 1, periodMs: 3 * day } } }).rules);
    expect((await issue(['first.wait.test'])).exitCode).toBe(0);
    expect((await issue(['new.wait.test'])).exitCode).toBe(75);
    setLife('old.wait.test', 90, 5);
    proxy.resetCounts();
    const planned = jsonLines(await here.run(['renew', '--dry-run', '--json', 'old.wait.test']));
    expect(planned[0]).toMatchObject({ name: 'old.wait.test', deferral: null });
    const renewed = await here.run(['renew', '--json']);
    // The new one isn't there, and would wait for longer than the day that it can.
    expect(renewed.exitCode).toBe(1);
    expect(jsonLines(renewed)).toEqual([
      expect.objectContaining({ name: 'new.wait.test', status: 'deferred' }),
      expect.objectContaining({ name: 'old.wait.test', status: 'renewed', error: null }),
      expect.anything(),
    ]);
    expect(proxy.counts.newOrder).toBe(1);
  });

  it('for a year keeps a certificate waiting for a day at the most', async () => {
    refuseOrders(400, 'no such thing', { 'retry-after': '31536000' });
    await issue(['year.wait.test']);
    await here.run(['renew', '--json']);
    const [line] = jsonLines(await here.run(['renew', '--json', '--dry-run'])) as [
      { deferral: Told['error'] },
    ];
    const waitMs = Date.parse(line.deferral.retryAt) - Date.now();
    expect(waitMs > 0.9 * day && waitMs <= 1.1 * day).toBe(true);
  });

  it('is one moment that lies ahead in the error, its hint and the hold, also when the CA names one of 2015', async () => {
    refuseOrders(429, 'slow down', { 'retry-after': 'Sun, 01 Mar 2015 13:00:00 GMT' });
    const before = Date.now();
    const { error } = jsonOf(await issue(['past.wait.test'])) as unknown as Told;
    expect(Date.parse(error.retryAt)).toBeGreaterThan(before);
    expect(`${error.message} ${error.hint ?? ''}`).not.toMatch(/2015|ten minutes/);
    const [event] = here.rows<{ data: string }>("select data from events where kind = 'account-held'");
    expect(JSON.parse(event!.data)).toMatchObject({ notBefore: error.retryAt });
  });

  it('in a moment that is written down decades ahead, as by a clock that was, counts as passed', async () => {
    await lab.challtestsrv.setServfail('ahead.wait.test');
    expect((await issue(['ahead.wait.test'])).exitCode).toBe(1);
    const ahead = '2036-05-01T12:00:00.000Z';
    here.change(
      'update identifiers set next_attempt_at = ?, failing_since = ?, suspended_at = ?',
      ahead,
      ahead,
      ahead,
    );
    await lab.challtestsrv.clearServfail('ahead.wait.test');
    const [renewed] = jsonLines(await here.run(['renew', '--json']));
    expect(renewed).toMatchObject({ name: 'ahead.wait.test', status: 'issued', error: null });
  });
});

describe('what status counts', { timeout: 60_000 }, () => {
  it('is due where renew says so, and ends soon by its own life', async () => {
    for (const name of ['long.count.test', 'short.count.test', 'fresh.count.test'])
      expect((await issue([name])).exitCode).toBe(0);
    await lab.challtestsrv.setServfail('bad.count.test');
    expect((await issue(['bad.count.test'])).exitCode).toBe(1);
    setLife('long.count.test', 398, 60);
    setLife('short.count.test', 6, 2);
    setLife('fresh.count.test', 6, 5);
    const status = jsonOf(await here.run(['status', '--json']));
    const planned = jsonLines(await here.run(['renew', '--dry-run', '--json'])).at(-1);
    // The failing one is due and waits for its name.
    expect(planned).toMatchObject({ summary: { due: 3, deferred: 1, now: 2, notDue: 1 } });
    expect(status).toMatchObject({
      certificates: { total: 4, due: 3, now: 2, leftAlone: 0, failing: 1, expiringSoon: 1 },
    });
    expect((await here.run(['status'])).stdout).toMatch(
      /4, 3 due \(2 go now; 1 waits for failed names until \S+Z\), 1 failing, 1 ending soon/,
    );
  });
});

describe('an address without a profile', { timeout: 60_000 }, () => {
  it('that the CA refuses is told with the profile that takes it', async () => {
    const detail = 'Default profile does not permit ip type identifiers';
    const refusal = problem(400, 'rejectedIdentifier', detail);
    proxy.setFault(({ kind }) =>
      kind === 'newOrder' ? { type: 'answer', withNonce: true, ...refusal } : undefined,
    );
    const result = await here.run(['issue', '192.0.2.1', '--webroot', here.webroot]);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('--profile shortlived');
  });
});
