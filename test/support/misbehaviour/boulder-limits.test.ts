import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { authorizationFor, finalStatus, httpChallenge, obtain, prove } from '../lab-issuance.ts';
import { boulderStage, problemOf } from './boulder-stage.ts';

const stage = boulderStage();

describe('the pending limit', () => {
  it('refuses a newOrder of the account that has reached it, and of no other', async () => {
    stage.use({ pendingLimit: { limit: 2, retryAfterSeconds: 7 } });
    const { authorizations } = await stage.account.order('full-1.test', 'full-2.test');
    const refusal = await stage.newOrder('full-3.test');
    expect(refusal.headers['retry-after']).toBe('7');
    expect(problemOf(refusal)).toEqual({
      type: 'rateLimited',
      status: 429,
      detail:
        'Error creating new order :: too many currently pending authorizations: see https://letsencrypt.org/docs/rate-limits/',
    });
    const other = await stage.anotherAccount();
    expect((await other.order('full-3.test')).authorizations).toHaveLength(1);
    await stage.account.post(authorizations[0]!, { status: 'deactivated' });
    expect((await stage.newOrder('full-3.test')).status).toBe(201);
    expect(stage.proxy.census.mostOpen).toBe(3);
  });

  it('names no time unless it is told to', async () => {
    stage.use({ pendingLimit: { limit: 0 } });
    expect((await stage.newOrder('no-time.test')).headers).not.toHaveProperty('retry-after');
  });
});

describe('the limits of an hour or a week', () => {
  const hour = { limit: 2, periodMs: 3_600_000 };

  it('count new orders, those included that come back', async () => {
    stage.use({ limits: { newOrders: hour } });
    await stage.account.order('again.test');
    await stage.account.order('again.test');
    const refusal = await stage.newOrder('again.test');
    expect(problemOf(refusal).detail).toMatch(
      /^too many new orders \(2\) from this account in the last 1h0m0s, retry after \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: see https:\/\/letsencrypt\.org\/docs\/rate-limits\/#new-orders-per-account$/,
    );
    expect(refusal.headers.link).toBe('<https://letsencrypt.org/docs/rate-limits>;rel="help"');
    expect(Number(refusal.headers['retry-after'])).toBeGreaterThan(1790);
    expect(Number(refusal.headers['retry-after'])).toBeLessThanOrEqual(1800);
  });

  it('give back what is spent, evenly, and spend nothing on a refusal', async () => {
    // The rules are in this process, and its clock stands still.
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    stage.use({ limits: { newOrders: { limit: 1, periodMs: 700 } } });
    await stage.account.order('even-1.test');
    expect((await stage.newOrder('even-2.test')).headers['retry-after']).toBe('1');
    await stage.newOrder('even-2.test');
    vi.setSystemTime(Date.now() + 700);
    expect((await stage.newOrder('even-2.test')).status).toBe(201);
  });

  it('count failed validations and deactivations of a name, and refuse every order with that name', async () => {
    stage.use({ limits: { failedAuthorizations: hour } });
    const first = await stage.account.order('fails.test', 'fine.test');
    const failing = await authorizationFor(stage.account, first.authorizations, 'fails.test');
    await stage.account.post(failing, { status: 'deactivated' });
    await stage.account.post(failing, { status: 'deactivated' });
    const second = await stage.account.order('fails.test');
    await stage.account.post((await httpChallenge(stage.account, second.authorizations[0]!)).url, {});
    expect(await finalStatus(stage.account, second.authorizations[0]!)).toBe('invalid');
    expect(problemOf(await stage.newOrder('fails.test', 'fine.test')).detail).toMatch(
      /^too many failed authorizations \(2\) for "fails\.test" in the last 1h0m0s, .*#authorization-failures-per-identifier-per-account$/,
    );
    expect((await stage.newOrder('fine.test')).status).toBe(201);
    expect((await stage.newOrder('*.fails.test')).status).toBe(201);
  });

  it('leave deactivations out when they are told to', async () => {
    stage.use({
      countDeactivations: false,
      limits: { failedAuthorizations: { limit: 1, periodMs: 60_000 } },
    });
    const { authorizations } = await stage.account.order('free.test');
    await stage.account.post(authorizations[0]!, { status: 'deactivated' });
    expect((await stage.newOrder('free.test')).status).toBe(201);
  });

  it('count certificates of a registered domain and of an exact set; a renewal is free of the first', async () => {
    const one = { limit: 1, periodMs: 604_800_000 };
    stage.use({ limits: { certificatesPerDomain: one, certificatesPerSet: hour, newOrders: one } });
    await obtain(stage.account, stage.webroot, 'a.shop.test');
    stage.use({ limits: { certificatesPerDomain: one, certificatesPerSet: hour } });
    await obtain(stage.account, stage.webroot, 'b.shop.test');
    expect(problemOf(await stage.newOrder('c.shop.test')).detail).toMatch(
      /^too many certificates \(1\) already issued for "shop\.test" in the last 168h0m0s, /,
    );
    await obtain(stage.account, stage.webroot, 'b.shop.test');
    expect(problemOf(await stage.newOrder('b.shop.test')).detail).toMatch(
      /^too many certificates \(2\) already issued for this exact set of identifiers in the last 1h0m0s, /,
    );
  });
});

describe('a paused name', () => {
  it('refuses without a time and with a link for a person, until it is unpaused', async () => {
    const ca = stage.use({ pausing: { names: ['paused.test'] } });
    const refusal = await stage.newOrder('paused.test', 'other.test');
    expect(problemOf(refusal)).toMatchObject({ status: 429, type: 'rateLimited' });
    expect(problemOf(refusal).detail).toMatch(
      /^Your account is temporarily prevented from requesting certificates for paused\.test and possibly others\. Please visit: https:\/\/.*\/sfe\/v1\/unpause\?jwt=/,
    );
    expect(refusal.headers).not.toHaveProperty('retry-after');
    ca.unpause();
    expect((await stage.newOrder('paused.test')).status).toBe(201);
    ca.pause('paused.test');
    expect((await stage.newOrder('paused.test')).status).toBe(429);
  });

  it('is paused by failures in a row, which a success ends', async () => {
    stage.use({ pausing: { afterFailures: 2 } });
    await deactivateNew('row.test');
    const { authorizations } = await stage.account.order('row.test');
    expect(await prove(stage.account, authorizations[0]!, stage.webroot)).toBe('valid');
    await deactivateNew('row.test', 'reuse-is-off.test');
    expect((await stage.newOrder('row.test')).status).toBe(201);
    await deactivateNew('row.test', 'still-off.test');
    expect((await stage.newOrder('row.test')).status).toBe(429);
  });
});

/** Pebble uses a valid authorization again, one time in a hundred also when it is told not to: then another order is tried. */
async function deactivateNew(...names: string[]): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const more = tries === 1 ? [] : [`try-${tries}.test`];
    const { authorizations } = await stage.account.order(...names, ...more);
    const shown = await Promise.all(authorizations.map((url) => stage.account.post(url)));
    if (!shown.every(({ body }) => (JSON.parse(body) as { status: string }).status === 'pending')) continue;
    for (const url of authorizations) await stage.account.post(url, { status: 'deactivated' });
    return;
  }
}
