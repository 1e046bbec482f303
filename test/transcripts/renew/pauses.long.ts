import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Boulder, boulder } from '../../support/misbehaviour/boulder.ts';
import { created } from '../../support/created.ts';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type ProxiedCa, type Site, newSite, startProxiedCa } from '../../support/stage.ts';

const page = 'https://sfe.example/sfe/v1/unpause?jwt=eyJhbGciOiJIUzI1NiJ9.e30.bGFi';
const hour = 3_600_000;

let proxied: ProxiedCa;
let proxy: ProxiedCa['proxy'];
let site: Site;
let here: Site['here'];
let ca: Boulder;

beforeAll(async () => {
  proxied = await startProxiedCa({ env: { PEBBLE_AUTHZREUSE: '100', PEBBLE_WFE_NONCEREJECT: '0' } });
  ({ proxy } = proxied);
}, 60_000);

afterAll(() => proxied.stop());

beforeEach(async () => {
  site = await newSite(proxied);
  ({ here } = site);
  ca = boulder({ reuse: false });
  proxy.setRules(ca.rules);
  proxy.resetCounts();
  return () => site.remove();
});

function issue(names: string[], ...options: string[]): Promise<ProgramResult> {
  return here.run(['issue', ...names, '--webroot', here.webroot, '--json', ...options]);
}

async function listedNames(): Promise<Record<string, unknown>[]> {
  return jsonLines(await here.run(['name', 'list', '--json']));
}

/** As if an hour had passed since the CA spoke. */
function letAnHourPass(): void {
  const earlier = (column: string): string =>
    `${column} = strftime('%Y-%m-%dT%H:%M:%fZ', ${column}, '-61 minutes')`;
  here.change(`update holds set ${earlier('not_before')}, ${earlier('noted_at')}`);
  here.change(`update identifiers set ${earlier('next_attempt_at')}, ${earlier('last_failure_at')}`);
}

describe('a name that the CA has paused', { timeout: 60_000 }, () => {
  it('is suspended with its link, and the rest of its certificate goes on; resumed, it comes back', async () => {
    ca.pause('b.rest.test');
    const drop = ['--cert-name', 'rest', '--on-failed-name', 'drop'];
    const first = await issue(['a.rest.test', 'b.rest.test'], ...drop);
    expect(first.exitCode).toBe(0);
    expect(jsonOf(first)).toMatchObject({ status: 'issued', leftOut: ['b.rest.test'] });
    const [paused, ...others] = await listedNames();
    expect(others).toEqual([]);
    expect(paused).toMatchObject({ name: 'b.rest.test', status: 'suspended', unpauseUrl: page });
    const lookMs = Date.parse(paused?.['nextAttemptAt'] as string) - Date.now();
    expect(lookMs > 0.9 * hour && lookMs < 1.01 * hour).toBe(true);
    expect((await here.run(['name', 'list'])).stdout).toContain(`paused by the CA; open ${page}`);

    proxy.resetCounts();
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(created(proxy, 'newOrder')).toBe(0);

    ca.unpause();
    expect((await here.run(['name', 'resume', 'b.rest.test'])).exitCode).toBe(0);
    const [renewed] = jsonLines(await here.run(['renew', '--json']));
    expect(renewed).toMatchObject({ name: 'rest', status: 'renewed', error: null });
    expect(jsonOf(await here.run(['cert', 'show', 'rest', '--json']))).toMatchObject({ leftOut: [] });
    expect(await listedNames()).toEqual([]);
  });

  it('is looked at again an hour later: it comes back by itself, or waits for twice as long', async () => {
    ca.pause('b.look.test');
    const drop = ['--cert-name', 'look', '--on-failed-name', 'drop'];
    expect((await issue(['a.look.test', 'b.look.test'], ...drop)).exitCode).toBe(0);
    letAnHourPass();
    proxy.resetCounts();
    const still = await here.run(['renew', '--json']);
    expect(still.exitCode).toBe(75);
    expect(jsonLines(still)[0]).toMatchObject({
      name: 'look',
      status: 'deferred',
      error: { code: 'ca-limit' },
    });
    expect(proxy.counts.newOrder).toBe(1);
    const [paused] = await listedNames();
    const lookMs = Date.parse(paused?.['nextAttemptAt'] as string) - Date.now();
    expect(lookMs > 1.9 * hour && lookMs < 2.01 * hour).toBe(true);

    ca.unpause();
    letAnHourPass();
    letAnHourPass();
    const [renewed] = jsonLines(await here.run(['renew', '--json']));
    expect(renewed).toMatchObject({ name: 'look', status: 'renewed', error: null });
    expect(await listedNames()).toEqual([]);
  });

  it('keeps a certificate that may not go without it, in words of the pause and of no Retry-After', async () => {
    ca.pause('b.whole.test');
    const refused = await issue(['a.whole.test', 'b.whole.test']);
    expect(refused.exitCode).toBe(75);
    expect(jsonOf(refused)).toMatchObject({ status: 'deferred', error: { code: 'ca-limit' } });
    expect(refused.stdout).toContain(`open ${page} to go on`);
    expect(refused.stdout).not.toContain('not to be asked before');
    const again = await issue(['a.whole.test', 'b.whole.test']);
    expect(again.exitCode).toBe(1);
    expect(jsonOf(again)).toMatchObject({
      error: { code: 'name-suspended', message: 'b.whole.test is paused by the CA; nothing was sent' },
    });
    expect(proxy.counts.newOrder).toBe(1);
    const renewed = await here.run(['renew', 'a.whole.test', '--on-failed-name', 'fail']);
    expect(renewed.stderr).toContain('is due and left alone: b.whole.test is paused by the CA\n');
    expect(renewed.stderr).toContain(
      `hint: open ${page} to end the CA's pause, then: acme-ledger name resume`,
    );
    expect(proxy.counts.newOrder).toBe(1);
  });

  it('holds all new orders of the account after three sets of names, in one line with the link', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `n${String(index)}.all.test`);
    ca.pause(...names);
    for (const name of names)
      expect((await here.run(['cert', 'add', name, '--webroot', here.webroot])).exitCode).toBe(0);
    const refused = await here.run(['renew', '--concurrency', '1']);
    expect(refused.exitCode).toBe(75);
    expect(proxy.counts.newOrder).toBe(3);
    const told = refused.stderr.split('\n');
    expect(told.filter((line) => line.startsWith('error: '))).toEqual([
      expect.stringMatching(/^error: 12 certificates: deferred, the CA refuses all new orders/),
    ]);
    expect(told.filter((line) => line.startsWith('hint: '))).toEqual([
      expect.stringContaining(`open ${page} to go on, then: acme-ledger name resume --all`),
    ]);

    const held = await here.run(['renew']);
    expect(held.exitCode).toBe(75);
    expect((await issue(['other.all.test'])).exitCode).toBe(75);
    expect(proxy.counts.newOrder).toBe(3);

    ca.unpause();
    expect((await here.run(['name', 'resume', '--all'])).exitCode).toBe(0);
    expect((await here.run(['renew'])).exitCode).toBe(0);
  });

  it('says nothing of the account while other orders are let through', async () => {
    ca.pause('b.one.test', 'b.two.test', 'b.three.test', 'b.four.test');
    for (const each of ['one', 'two', 'three', 'four']) {
      const args = [`a.${each}.test`, `b.${each}.test`, '--on-failed-name', 'drop'];
      expect((await issue(args.slice(0, 2), ...args.slice(2))).exitCode).toBe(0);
    }
    expect((await listedNames()).map(({ status }) => status)).toEqual(Array(4).fill('suspended'));
  });
});
