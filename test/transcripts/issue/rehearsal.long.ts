import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RequestKind } from '../../support/acme-request.ts';
import { created } from '../../support/created.ts';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { type ProgramResult, startProgram } from '../../support/program.ts';
import { type StagingPair, startStagingPair } from '../../support/staging-pair.ts';

let pair: StagingPair;
let production: StagingPair['production'];
let staging: StagingPair['staging'];
let here: StagingPair['here'];
let deployed: string;

beforeAll(async () => {
  pair = await startStagingPair();
  ({ production, staging, here } = pair);
  deployed = here.file('deployed');
}, 180_000);

afterAll(() => pair.stop());

beforeEach(async () => {
  production.proxy.resetCounts();
  staging.proxy.resetCounts();
  await writeFile(deployed, '');
});

function rehearsed(...args: string[]): Promise<ProgramResult> {
  return here.run([...args, '--rehearse', '--rehearsal-ca', staging.proxy.directoryUrl, '--json']);
}

function issue(names: string[], ...options: string[]): Promise<ProgramResult> {
  const deployHook = `echo "$ACME_LEDGER_CERT_NAME" >> '${deployed}'`;
  return rehearsed('issue', ...names, '--webroot', here.webroot, '--deploy-hook', deployHook, ...options);
}

function newOrders(): { staging: number; production: number } {
  return { staging: created(staging.proxy, 'newOrder'), production: created(production.proxy, 'newOrder') };
}

describe('a rehearsal', () => {
  it('goes through the whole flow at the staging, and leaves the certificate of the CA itself', async () => {
    const result = await issue(['whole.test']);
    expect(result.exitCode).toBe(0);
    expect(newOrders()).toEqual({ staging: 1, production: 1 });
    expect(staging.proxy.counts.finalize).toBe(1);
    expect(staging.proxy.counts.certificate).toBe(1);
    const chain = await readFile(`${here.certificate('whole.test')}/chain.pem`, 'utf8');
    expect(chain.trim()).toBe((await production.lab.intermediates()).trim());
    expect((await readFile(deployed, 'utf8')).trim().split('\n')).toHaveLength(1);
    const orders = await here.run(['order', 'list', '--ca', staging.proxy.directoryUrl, '--json']);
    expect(jsonOf(orders)).toMatchObject({ rehearsal: true, status: 'valid' });

    // Not twice within a day.
    expect((await issue(['whole.test'], '--force')).exitCode).toBe(0);
    expect(newOrders()).toEqual({ staging: 1, production: 2 });
    here.change(
      `update orders set finalize_sent_at = '2020-01-01T00:00:00.000Z' where rehearsal is not null`,
    );
    expect((await rehearsed('renew', '--all')).exitCode).toBe(0);
    expect(newOrders()).toEqual({ staging: 2, production: 3 });
    expect((await here.run(['ledger', 'check'])).exitCode).toBe(0);
  }, 180_000);

  it('keeps names that fail from the CA: with "fail" the certificate, with "drop" only those', async () => {
    await staging.lab.challtestsrv.setServfail('dead.test');
    const failed = await issue(['well.test', 'dead.test'], '--on-failed-name', 'fail');
    expect(failed.exitCode).toBe(1);
    expect(jsonOf(failed)).toMatchObject({
      status: 'failed',
      certificate: null,
      error: {
        code: 'authorization-invalid',
        message: expect.stringMatching(/^the rehearsal at .* failed: /) as string,
      },
    });
    expect(created(production.proxy, 'newOrder')).toBe(0);

    // Not by renew either, as long as the name is to be left alone at the staging.
    const silent = await here.run(['renew', '--rehearse', '--rehearsal-ca', staging.proxy.directoryUrl]);
    expect(silent).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });

    const dropped = await issue(['well.test', 'dead.test'], '--on-failed-name', 'drop');
    expect(jsonOf(dropped)).toMatchObject({ status: 'issued', leftOut: ['dead.test'] });
    expect(created(production.proxy, 'newOrder')).toBe(1);
    expect(here.rows('select distinct account_id from identifiers where consecutive_failures > 0')).toEqual(
      here.rows('select id as account_id from accounts where ca = ?', staging.proxy.directoryUrl),
    );
    expect(production.proxy.census.open()).toEqual([]);
    expect(staging.proxy.census.open()).toEqual([]);

    // Who changes how it is proven has looked at it.
    await here.run(['cert', 'add', 'well.test', 'dead.test', '--solver', 'standalone']);
    expect(
      jsonOf(await here.run(['name', 'list', '--ca', staging.proxy.directoryUrl, '--json'])),
    ).toMatchObject({
      name: 'dead.test',
      nextAttemptAt: null,
    });
  }, 180_000);

  it('takes a name up again that failed at the staging, once a look without any CA finds it mended', async () => {
    await staging.lab.challtestsrv.setServfail('mended.test');
    const dropped = await issue(['fine.test', 'mended.test'], '--on-failed-name', 'drop');
    expect(jsonOf(dropped)).toMatchObject({ status: 'issued', leftOut: ['mended.test'] });
    here.change(
      "update identifiers set next_attempt_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 day') where value = 'mended.test'",
    );
    here.change("update certificates set removed_at = created_at where name = 'well.test'");
    await staging.lab.challtestsrv.clearServfail('mended.test');
    const { dnsAddress, httpPort } = staging.lab;
    const reach = ['--probe-resolver', dnsAddress, '--probe-http-port', String(httpPort)];
    const whole = await rehearsed('renew', '--probe-every', '1h', ...reach);
    expect(jsonLines(whole)[0]).toMatchObject({ name: 'fine.test', status: 'renewed', error: null });
    expect(jsonLines(whole)[0]).not.toHaveProperty('leftOut');
  }, 180_000);

  it('that a kill ends is not counted, and the next run closes or takes up what it left at the staging', async () => {
    const killedAt = async (kind: RequestKind, name: string): Promise<void> => {
      const stage = ['--rehearse', '--rehearsal-ca', staging.proxy.directoryUrl];
      const killed = startProgram([
        ...here.globalOptions,
        ...['issue', name, '--webroot', here.webroot, ...stage],
      ]);
      staging.proxy.setFault((request) => {
        if (request.kind !== kind) return undefined;
        killed.kill('SIGKILL');
        return { type: 'drop' };
      });
      expect((await killed.finished).signal).toBe('SIGKILL');
      staging.proxy.setFault();
    };
    await killedAt('authz', 'left.test');
    expect(staging.proxy.census.unsubmitted()).toHaveLength(1);
    await killedAt('finalize', 'killed.test');
    expect(staging.proxy.census.unsubmitted()).toEqual([]);
    expect(created(production.proxy, 'newOrder')).toBe(0);

    expect((await issue(['killed.test'])).exitCode).toBe(0);
    expect(staging.proxy.census.ordersFor('killed.test')).toMatchObject([{ finalizations: 1 }]);
    expect(newOrders()).toEqual({ staging: 2, production: 1 });
  }, 180_000);

  it('that can not be done defers the certificate, and lets one that ends soon go on', async () => {
    const nobody = ['--rehearse', '--rehearsal-ca', 'https://127.0.0.1:1/dir', '--json'];
    const deferred = await here.run(['renew', 'whole.test', '--all', ...nobody]);
    expect(deferred.exitCode).toBe(75);
    expect(jsonLines(deferred)[0]).toMatchObject({ status: 'deferred', error: { code: 'ca-unreachable' } });
    expect(created(production.proxy, 'newOrder')).toBe(0);
    here.change(
      "update certificates set not_before = ?, not_after = ? where name = 'whole.test'",
      ...[-89, 1].map((days) => new Date(Date.now() + days * 86_400_000).toISOString()),
    );
    const renewed = await here.run(['renew', 'whole.test', ...nobody]);
    expect(jsonLines(renewed)[0]).toMatchObject({ status: 'renewed', error: null });
    expect(renewed.stderr).toContain('goes on without a rehearsal');
  }, 180_000);

  it('does not wait longer for a staging that is out of order than the run has time', async () => {
    await rm(path.join(here.stateDir, 'cache'), { recursive: true, force: true });
    staging.proxy.setFault(() => ({ type: 'answer', status: 503, body: {}, withNonce: false }));
    const { exitCode, stdout, durationMs } = await rehearsed('renew', '--all', '--max-time', '2s');
    staging.proxy.setFault(undefined);
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 75,
      stdout: expect.stringMatching(/ca-outage|ca-unreachable|no-time/) as unknown,
    });
    // By itself it tries for some 15 s.
    expect(durationMs).toBeLessThan(12_000);
    expect(created(production.proxy, 'newOrder')).toBe(0);
  }, 180_000);

  it("is planned, and waits for the staging's limits as for the CA's, without going elsewhere for that", async () => {
    const at = staging.proxy.directoryUrl;
    const config = here.file('limited.yaml');
    await writeFile(config, `limits:\n  ${at}:\n    newOrders: 1/24h\n`);
    const names = ['one.test', 'two.test'];
    const rows = names.map((name) => `${name},${here.webroot}\n`).join('');
    await here.run(['cert', 'import', '-'], { input: `names,webroot\n${rows}` });
    // That one was rehearsed within a day.
    const due = [...names, 'killed.test', '--all'];
    const planned = await rehearsed('renew', ...due, '--dry-run', '--config', config);
    const waits = {
      code: 'ca-limit',
      message: expect.stringMatching(/^the rehearsal at .* has to wait: /) as string,
    };
    expect(jsonLines(planned)).toMatchObject([
      { name: 'one.test', deferral: null },
      { name: 'two.test', deferral: waits },
      { name: 'killed.test', deferral: null },
      {
        summary: {
          limits: [{ ca: at, limit: 'new orders', spends: 1, max: 1 }],
          rehearsals: [{ ca: production.proxy.directoryUrl, rehearsedAt: at, orders: 1 }],
        },
      },
    ]);

    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    here.change(
      `insert into limit_buckets (scope, limit_name, subject, max, period_seconds, full_at, noted_at)
       select 'account ' || id, 'new-orders', '', 1, 86400, ?, created_at from accounts where ca = ?`,
      ...[inAnHour, at],
    );
    here.change("update certificates set created_at = '2020-01-01T00:00:00.000Z' where stored_at is null");
    const elsewhere = ['--fallback-ca', 'https://127.0.0.1:1/dir', '--config', config];
    const deferred = await rehearsed('renew', ...names, ...elsewhere);
    // They have waited for longer than the day that a missing certificate can.
    expect(deferred.exitCode).toBe(1);
    expect(jsonLines(deferred).slice(0, 2)).toMatchObject(names.map((name) => ({ name, error: waits })));
    expect(newOrders()).toEqual({ staging: 0, production: 0 });
  }, 180_000);

  it('waits for what the staging itself has asked for, also in a plan, unless it was done within a day', async () => {
    const at = staging.proxy.directoryUrl;
    here.change('delete from limit_buckets');
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    here.change(
      `insert into holds (account_id, scope, subject, limit_name, not_before, noted_at, error)
       select id, 'orders', '', '', ?, created_at, '{"code":"ca-limit","message":"later"}' from accounts where ca = ?`,
      ...[inAnHour, at],
    );
    const waits = {
      code: 'ca-limit',
      message: expect.stringMatching(/^the rehearsal at .* has to wait: the CA asked /) as string,
      retryAt: inAnHour,
    };
    const planned = await rehearsed('renew', 'one.test', 'killed.test', '--all', '--dry-run');
    expect(jsonLines(planned)).toMatchObject([
      { name: 'one.test', deferral: waits },
      { name: 'killed.test', deferral: null },
      { summary: { deferred: 1, rehearsals: [{ orders: 0 }] } },
    ]);
    const issued = await issue(['one.test'], '--dry-run');
    expect(jsonOf(issued)).toMatchObject({ cost: { newOrders: 1 }, deferral: waits });
    here.change('delete from holds');
  }, 180_000);

  it('is not done for a name that the CA itself is not asked for any more', async () => {
    here.change(
      `insert into identifiers (account_id, type, value, consecutive_failures, failing_since, suspended_at)
       select id, 'dns', 'gone.test', 20, created_at, created_at from accounts where ca = ?`,
      production.proxy.directoryUrl,
    );
    expect(jsonOf(await issue(['gone.test']))).toMatchObject({ error: { code: 'name-suspended' } });
    expect(newOrders()).toEqual({ staging: 0, production: 0 });
  }, 180_000);

  it('needs a staging', async () => {
    const result = await here.run(['issue', 'none.test', '--webroot', here.webroot, '--rehearse']);
    expect(result.exitCode).toBe(2);
    expect(result.stderr).toContain('--rehearsal-ca');
    expect((await here.run(['renew', '--rehearse'])).exitCode).toBe(2);
    expect(newOrders()).toEqual({ staging: 0, production: 0 });
  });
});
