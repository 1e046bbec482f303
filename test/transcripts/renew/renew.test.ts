import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { jsonLines } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const all = ['a.test', 'b.test', 'c.test'];
const dayMs = 86_400_000;

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage({
    profiles: {
      default: { description: 'The usual one', validityPeriod: 90 * 86_400 },
      brief: { description: 'Seconds', validityPeriod: 8 },
    },
  });
  ({ lab, proxy, here } = stage);
  for (const name of all) expect(await issue(name)).toMatchObject({ exitCode: 0 });
}, 180_000);

afterAll(() => stage.stop());

beforeEach(() => {
  // 60 of 90 days left: nothing is due.
  for (const name of all) setDaysLeft(name, 60);
  proxy.resetCounts();
});

function issue(name: string, ...options: string[]): Promise<ProgramResult> {
  const chosen = options.includes('--profile') ? options : [...options, '--profile', 'default'];
  return here.run(['issue', name, '--webroot', here.webroot, ...chosen]);
}

/** Makes a certificate of 90 days look as if so many of them were left. */
function setDaysLeft(name: string, days: number): void {
  const notAfter = Date.now() + days * dayMs;
  const [from, to] = [notAfter - 90 * dayMs, notAfter].map((ms) => new Date(ms).toISOString());
  here.change('update certificates set not_before = ?, not_after = ? where name = ?', from, to, name);
}

async function pem(name: string): Promise<string> {
  return await readFile(path.join(here.certificate(name), 'cert.pem'), 'utf8');
}

/** The names of `all` whose certificate is another one after `act`. */
async function replacedBy(act: () => Promise<unknown>): Promise<string[]> {
  const before = await Promise.all(all.map(pem));
  await act();
  const after = await Promise.all(all.map(pem));
  return all.filter((_name, index) => before[index] !== after[index]);
}

describe('renew', () => {
  it('says nothing and asks nobody where nothing is due', async () => {
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const json = await here.run(['renew', '--json']);
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    expect(jsonLines(json)).toEqual([
      { summary: { due: 0, issued: 0, renewed: 0, failed: 0, deferred: 0, notDue: 3 } },
    ]);
    expect(proxy.requests).toEqual([]);
  });

  it('replaces what has less than a third of its life left, and is silent under cron', async () => {
    setDaysLeft('a.test', 29.9);
    setDaysLeft('b.test', 30.1);
    const replaced = await replacedBy(async () => {
      expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    });
    expect(replaced).toEqual(['a.test']);
    const directory = here.certificate('a.test');
    expect(await faultsOf({ directory, names: ['a.test'], rootPem: await lab.root() })).toEqual([]);
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(created(proxy, 'newOrder')).toBe(1);
  });

  it('replaces a certificate that lives for seconds once half of them are over', async () => {
    expect(await issue('brief.test', '--profile', 'brief')).toMatchObject({ exitCode: 0 });
    const [row] = here.rows<{ serial: string; not_after: string }>(
      `select serial, not_after from certificates where name = 'brief.test'`,
    );
    await delay(Math.max(0, Date.parse(row!.not_after) - Date.now() - 3_500));
    expect(await here.run(['renew', 'brief.test'])).toMatchObject({ exitCode: 0, stderr: '' });
    const [renewed] = here.rows<{ serial: string }>(
      `select serial from certificates where name = 'brief.test'`,
    );
    expect(renewed!.serial).not.toBe(row!.serial);
    expect(await here.run(['cert', 'remove', 'brief.test'])).toMatchObject({ exitCode: 0 });
  });

  it('takes the most urgent first', async () => {
    setDaysLeft('a.test', 20);
    setDaysLeft('b.test', -1);
    setDaysLeft('c.test', 10);
    const first = await here.run(['renew', '--limit', '1', '--json']);
    const [renewed, { summary }] = jsonLines(first) as [unknown, { summary: unknown }];
    expect(renewed).toEqual({ name: 'b.test', status: 'renewed', error: null });
    expect(summary).toMatchObject({ due: 1, beyondLimit: all.length - 1, notDue: 0 });
    const second = await here.run(['renew', '--limit', '1', '--json']);
    expect(jsonLines(second)[0]).toEqual({ name: 'c.test', status: 'renewed', error: null });
  });

  it('goes on after a failure, and ends with 1', async () => {
    for (const name of all) setDaysLeft(name, 5);
    await lab.challtestsrv.setServfail('a.test');
    const replaced = await replacedBy(async () => {
      const result = await here.run(['renew', '--json']);
      expect(result.exitCode).toBe(1);
      const lines = jsonLines(result);
      const failed = lines.find(({ name }) => name === 'a.test');
      expect(failed).toMatchObject({
        status: 'failed',
        error: { code: 'authorization-invalid', problem: { type: expect.any(String) as unknown } },
      });
      expect(lines.slice(0, -1)).toEqual(
        expect.arrayContaining(
          ['b.test', 'c.test'].map((name) => ({ name, status: 'renewed', error: null })),
        ),
      );
      expect(lines.at(-1)).toEqual({
        summary: { due: 3, issued: 0, renewed: 2, failed: 1, deferred: 0, notDue: 0 },
      });
    });
    expect(replaced).toEqual(['b.test', 'c.test']);
    // It is left alone for a minute.
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    here.change('update identifiers set next_attempt_at = null');
    const text = await here.run(['renew']);
    expect(text).toMatchObject({ exitCode: 1, stdout: '' });
    expect(text.stderr).toMatch(/^error: a\.test: failed: /);
    here.change('update identifiers set next_attempt_at = null');
    await lab.challtestsrv.clearServfail('a.test');
    expect(proxy.census.open()).toEqual([]);
  });

  it('leaves one alone that the CA refuses for what it is, until it is named or wanted otherwise', async () => {
    const add = ['cert', 'add', 'odd.test', '--webroot', here.webroot, '--profile'];
    await here.run([...add, 'unknown']);
    const failed = await here.run(['renew', '--json']);
    expect(failed.exitCode).toBe(1);
    const [{ error }] = jsonLines(failed) as [{ error: { retryAt: string } }];
    expect(Date.parse(error.retryAt) - Date.now()).toBeLessThan(70_000);
    const asked = proxy.counts.newOrder;
    const deferred = await here.run(['renew']);
    expect(deferred).toMatchObject({ exitCode: 75, stdout: '' });
    expect(deferred.stderr).toMatch(
      `error: odd.test: deferred: it is tried again at ${error.retryAt}, after it failed: `,
    );
    expect(deferred.stderr).not.toContain('hint: try again at');
    expect(proxy.counts.newOrder).toBe(asked);

    const named = await here.run(['renew', 'odd.test', '--json']);
    const [{ error: again }] = jsonLines(named) as [{ error: { retryAt: string } }];
    expect(Date.parse(again.retryAt) - Date.now()).toBeGreaterThan(500_000);
    await here.run([...add, 'default']);
    expect(jsonLines(await here.run(['renew', '--json']))[0]).toMatchObject({ status: 'issued' });
    await here.run(['cert', 'remove', 'odd.test']);
  });

  it('writes a report, and hands it to the command of --on-finish, also when a certificate failed', async () => {
    setDaysLeft('b.test', 5);
    await lab.challtestsrv.setServfail('late.test');
    await issue('late.test');
    const [file, heard] = [here.file('report.json'), here.file('heard.json')];
    const onFinish = `cat > '${heard}'; echo "$ACME_LEDGER_EXIT_CODE" >&2; exit 3 #`;
    here.change('update identifiers set next_attempt_at = null');
    const result = await here.run(['renew', '--report', file, '--on-finish', onFinish]);
    expect(result).toMatchObject({ exitCode: 1, stdout: '' });
    expect(result.stderr).toMatch(/warning: the command of --on-finish ended with exit code 3: 1\n/);
    const report = JSON.parse(await readFile(file, 'utf8')) as { certificates: { name: string }[] };
    expect(report).toMatchObject({
      exitCode: 1,
      error: null,
      summary: { due: 2, renewed: 1, failed: 1 },
    });
    // In the order in which they came to their end.
    expect(report.certificates.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toMatchObject([
      { name: 'b.test', status: 'renewed', error: null },
      { name: 'late.test', status: 'failed' },
    ]);
    expect(JSON.parse(await readFile(heard, 'utf8'))).toEqual(report);
    await here.run(['cert', 'remove', 'late.test']);

    const refused = await here.run(['renew', '--report', here.file('nowhere/report.json')]);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  });

  it('issues what has never been issued', async () => {
    await lab.challtestsrv.setServfail('late.test');
    expect(await issue('late.test')).toMatchObject({ exitCode: 1 });
    expect(existsSync(here.certificate('late.test'))).toBe(false);
    await lab.challtestsrv.clearServfail('late.test');
    here.change('update identifiers set next_attempt_at = null');
    const result = await here.run(['renew', '--json']);
    expect(jsonLines(result)).toEqual([
      { name: 'late.test', status: 'issued', error: null },
      { summary: { due: 1, issued: 1, renewed: 0, failed: 0, deferred: 0, notDue: 3 } },
    ]);
    expect(await here.run(['cert', 'remove', 'late.test'])).toMatchObject({ exitCode: 0 });
  });

  it('works on the named ones alone', async () => {
    for (const name of all) setDaysLeft(name, 5);
    const replaced = await replacedBy(() => here.run(['renew', 'c.test', 'a.test']));
    expect(replaced).toEqual(['a.test', 'c.test']);
  });

  it('refuses a name that it does not know, and renews none of the others', async () => {
    setDaysLeft('a.test', 5);
    const result = await here.run(['renew', 'a.test', 'unknown.test']);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toMatch(/^error: .*unknown\.test\nhint: /);
    expect(proxy.requests).toEqual([]);
  });

  it('replaces also what is not due with --all, and forgets limits that are long full again', async () => {
    const [scope, then] = ['account 1', '2020-01-01T00:00:00.000Z'];
    here.change(
      `insert into limit_buckets (scope, limit_name, subject, max, period_seconds, full_at, noted_at)
       values (?, 'failed-authorizations', 'a.test', 5, 3600, ?, ?)`,
      ...[scope, then, then],
    );
    const renewAll = async (): Promise<void> => {
      expect(await here.run(['renew', '--all'])).toMatchObject({ exitCode: 0 });
    };
    expect(await replacedBy(renewAll)).toEqual(all);
    expect(here.rows('select id from limit_buckets where full_at = ?', then)).toEqual([]);
  });

  it('sends nothing and changes nothing with --dry-run', async () => {
    setDaysLeft('b.test', 5);
    const before = here.rows('select * from certificates');
    const json = await here.run(['renew', '--dry-run', '--json']);
    expect(json).toMatchObject({ exitCode: 0, stderr: '' });
    const [due, summary, ...others] = jsonLines(json);
    expect(due).toMatchObject({
      name: 'b.test',
      reason: 'ending',
      cost: { newOrders: 1, authorizations: 1 },
    });
    expect(summary).toEqual({
      summary: { due: 1, deferred: 0, now: 1, waits: [], notDue: 2, limits: [] },
    });
    expect(others).toEqual([]);
    const text = await here.run(['renew', '--dry-run']);
    expect(text).toMatchObject({ exitCode: 0, stderr: '' });
    expect(text.stdout).toContain('b.test');
    expect(text.stdout).not.toContain('a.test');
    expect(proxy.requests).toEqual([]);
    expect(here.rows('select * from certificates')).toEqual(before);
  });
});

// The last: whether the CA has made the orders is unknown, so each run after it asks.
describe('renew at a CA that falls silent', () => {
  it('waits for it for as long as the run has time, then defers what is left with its reason', async () => {
    // Due for 10 days, and 15 before any ends: none has waited for too long.
    for (const name of all) setDaysLeft(name, 20);
    const more = ['d.test', 'e.test', 'f.test'];
    for (const name of more) await here.run(['cert', 'add', name, '--webroot', here.webroot]);
    proxy.setFault(({ kind }) => (kind === 'newOrder' || kind === 'newNonce' ? { type: 'drop' } : undefined));
    const result = await here.run(['renew', '--json', '--concurrency', '1', '--max-time', '8s']);
    proxy.setFault();
    for (const name of more) await here.run(['cert', 'remove', name]);
    expect(result.exitCode).toBe(75);
    const lines = jsonLines(result);
    expect(lines.at(-1)).toMatchObject({ summary: { due: 6, deferred: 6 } });
    expect(lines.slice(0, -1)).toMatchObject(
      Array(6).fill({ status: 'deferred', error: { code: 'ca-outage' } }),
    );
    expect(proxy.counts.newOrder).toBe(0);
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0 });
  });
});
