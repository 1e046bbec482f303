import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { created } from '../../support/created.ts';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import type { ProgramResult } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

const dayMs = 86_400_000;

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];
let hook: string;
let told: string;

beforeAll(async () => {
  stage = await startStage({ env: { PEBBLE_AUTHZREUSE: '100' } });
  ({ lab, proxy, here } = stage);
  told = here.file('told');
  hook = here.file('hook.sh');
  await writeFile(hook, `#!/bin/sh\necho "$1 $2 $ACME_LEDGER_FAILURES" >> '${told}'\n`, { mode: 0o755 });
}, 180_000);

afterAll(() => stage.stop());

beforeEach(async () => {
  proxy.resetCounts();
  await writeFile(told, '');
});

function issue(names: string[], ...options: string[]): Promise<ProgramResult> {
  return here.run(['issue', ...names, '--webroot', here.webroot, '--json', ...options]);
}

function renew(...options: string[]): Promise<ProgramResult> {
  return here.run(['renew', '--name-hook', hook, '--json', ...options]);
}

async function kill(...names: string[]): Promise<void> {
  for (const name of names) await lab.challtestsrv.setServfail(name);
}

/** The back-off of every name is over. */
function letBackOffPass(): void {
  here.change("update identifiers set next_attempt_at = '2020-01-01T00:00:00.000Z'");
}

function failedValidations(): number {
  return [...proxy.census.authorizations.values()].filter(({ status }) => status === 'invalid').length;
}

describe('names that can not be proven', () => {
  it('cost their certificate one more order and themselves one validation each, however many they are', async () => {
    const well = Array.from({ length: 70 }, (_, index) => `w${index}.many.test`);
    const dead = Array.from({ length: 30 }, (_, index) => `d${index}.many.test`);
    await kill(...dead);
    const failedBefore = failedValidations();
    const result = await issue([...dead, ...well], '--cert-name', 'many', '--on-failed-name', 'drop');
    expect(result.exitCode).toBe(0);
    const { certificate, leftOut } = jsonOf(result) as {
      certificate: { names: string[] };
      leftOut: string[];
    };
    expect(certificate.names.toSorted()).toEqual(well.toSorted());
    expect(leftOut.toSorted()).toEqual(dead.toSorted());
    expect(created(proxy, 'newOrder')).toBe(2);
    expect(failedValidations() - failedBefore).toBe(30);
    expect(proxy.census.open()).toEqual([]);

    // Nothing is due, and they aren't to be tried again yet.
    proxy.resetCounts();
    const again = await here.run(['renew']);
    expect(again).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(proxy.counts.newOrder).toBe(0);
    const status = jsonOf(await here.run(['status', '--json']));
    expect(status).toMatchObject({ accounts: [{ failingNames: 30, suspendedNames: 0 }] });
    here.change("update certificates set removed_at = created_at where name = 'many'");
  }, 180_000);

  it('come back by themselves, and the certificate stays as it is when they fail again', async () => {
    const names = ['a.back.test', 'b.back.test'];
    await kill('b.back.test');
    const common = ['--cert-name', 'back', '--on-failed-name', 'drop'];
    expect((await issue(names, ...common)).exitCode).toBe(0);
    proxy.resetCounts();

    letBackOffPass();
    const failed = await renew('back');
    expect(failed.exitCode).toBe(1);
    expect(jsonLines(failed)[0]).toMatchObject({ name: 'back', status: 'failed', leftOut: ['b.back.test'] });
    expect(created(proxy, 'newOrder')).toBe(1);
    expect(proxy.counts.finalize).toBe(0);

    await lab.challtestsrv.clearServfail('b.back.test');
    letBackOffPass();
    const whole = await renew('back');
    expect(jsonLines(whole)[0]).toMatchObject({ name: 'back', status: 'renewed', error: null });
    expect(jsonOf(await here.run(['cert', 'show', 'back', '--json']))).toMatchObject({ leftOut: [] });
    const heard = (await readFile(told, 'utf8')).split('\n').filter((line) => line.includes('b.back.test'));
    expect(heard).toEqual(['name-failing b.back.test 2', 'name-recovered b.back.test 0']);
  }, 180_000);

  it('are waited for until half of the time that a certificate has after its due day is over', async () => {
    expect((await issue(['a.half.test'], '--cert-name', 'half')).exitCode).toBe(0);
    // What was proven before is used again by this CA, so it never was.
    here.change(`update certificates set names = '["a.half.test","b.half.test"]' where name = 'half'`);
    await kill('b.half.test');
    setDaysLeft('half', 20);
    const first = await renew('half');
    expect(first.exitCode).toBe(1);
    here.change(
      "update identifiers set next_attempt_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 day') where value = 'b.half.test'",
    );
    proxy.resetCounts();
    expect((await renew()).exitCode).toBe(0);
    expect(proxy.counts.newOrder).toBe(0);

    setDaysLeft('half', 14);
    const dropped = await renew();
    expect(jsonLines(dropped)[0]).toMatchObject({ status: 'renewed', leftOut: ['b.half.test'] });
    expect((await here.run(['cert', 'show', 'half'])).stdout).toContain('\n  lacks     b.half.test\n');
    // It isn't tried again yet: left out from the beginning.
    expect(created(proxy, 'newOrder')).toBe(1);
  }, 180_000);

  it('are suspended after a while, and ordered again once somebody has resumed them', async () => {
    await kill('dead.long.test');
    expect((await issue(['dead.long.test'], '--suspend-after', '0')).exitCode).toBe(1);
    proxy.resetCounts();
    const refused = await issue(['dead.long.test']);
    expect(refused.exitCode).toBe(1);
    expect(jsonOf(refused)).toMatchObject({ error: { code: 'name-suspended' } });
    const planned = await issue(['dead.long.test'], '--dry-run');
    expect(jsonOf(planned)).toMatchObject({ cost: { newOrders: 0 }, error: { code: 'name-suspended' } });
    const drop = ['--on-failed-name', 'drop', '--dry-run'];
    expect(jsonOf(await issue(['well.long.test', 'dead.long.test'], ...drop))).toMatchObject({
      cost: { newOrders: 1, authorizations: 1 },
      leftOut: ['dead.long.test'],
      error: null,
    });
    // Proven in another way it would be tried again.
    const mended = await here.run(['issue', 'dead.long.test', '--solver', 'standalone', '--dry-run']);
    expect(mended.stdout).toContain('costs 1 new order');
    letBackOffPass();
    const asked = await renew('dead.long.test');
    expect(asked).toMatchObject({ exitCode: 0 });
    expect(asked.stderr).toMatch(
      /^warning: dead\.long\.test is due and left alone: dead\.long\.test failed for/,
    );
    expect(asked.stderr).toMatch(/^hint: once mended: acme-ledger name resume dead\.long\.test$/m);
    expect(proxy.counts.newOrder).toBe(0);
    expect(await readFile(told, 'utf8')).toContain('name-suspended dead.long.test 1\n');
    expect((await here.run(['status'])).stdout).toMatch(/1 left alone for suspended names\), 1 failing/);
    const listed = jsonLines(await here.run(['name', 'list', '--suspended', '--json']));
    expect(listed.map(({ name }) => name)).toEqual(['dead.long.test']);

    expect((await here.run(['name', 'resume', 'other.long.test'])).exitCode).toBe(2);
    expect(jsonOf(await here.run(['name', 'resume', 'dead.long.test', '--json']))).toEqual({
      resumed: ['dead.long.test'],
    });
    await lab.challtestsrv.clearServfail('dead.long.test');
    expect((await renew('dead.long.test')).exitCode).toBe(0);
    expect(await readFile(told, 'utf8')).toContain('name-recovered dead.long.test 0\n');
  }, 180_000);

  it('that are suspended do not keep a certificate from being issued, and what waits for them alone is told of once', async () => {
    here.change('update certificates set removed_at = created_at');
    await kill('dead.never.test', 'alone.never.test');
    const never = ['a.never.test', 'dead.never.test'];
    expect((await issue(never, '--cert-name', 'never', '--suspend-after', '0')).exitCode).toBe(1);
    expect((await issue(['alone.never.test'])).exitCode).toBe(1);
    here.change("update identifiers set suspended_at = failing_since where value = 'alone.never.test'");
    proxy.resetCounts();
    const first = await renew();
    expect(first.exitCode).toBe(0);
    expect(jsonLines(first)).toMatchObject([
      { name: 'never', status: 'issued', leftOut: ['dead.never.test'] },
      { summary: { due: 1, issued: 1, leftAlone: 1 } },
    ]);
    expect(created(proxy, 'newOrder')).toBe(1);
    expect(first.stderr).toMatch(
      /^warning: alone\.never\.test is due and left alone: alone\.never\.test failed/,
    );

    // Under cron nothing more is said, nor ordered; who looks sees it.
    expect(await here.run(['renew'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(created(proxy, 'newOrder')).toBe(1);
    expect((await here.run(['cert', 'list'])).stdout).toMatch(/alone\.never\.test .* failed for so long/);
    const planned = await here.run(['renew', '--dry-run']);
    expect(planned.stdout).toMatch(/\(1 left alone for suspended names\), \d+ not due; nothing was sent/);
    expect(planned.stderr).toContain('alone.never.test is due and left alone');
  }, 180_000);

  it('are told by the CA when their CAA records forbid it at finalize, and the others go on', async () => {
    const error = {
      type: 'urn:ietf:params:acme:error:caa',
      // Boulder's words for a look that is due again hours after the validation: the name without quotes, its parent's record.
      detail:
        'Error finalizing order :: rechecking caa: While processing CAA for b.caa.test: CAA record for caa.test prevents issuance',
      status: 403,
    };
    let first: string | null = null;
    proxy.setFault(({ kind, url }) =>
      kind === 'finalize' && url === (first ??= url)
        ? {
            type: 'change',
            body: (order) => JSON.stringify({ ...(JSON.parse(order) as object), status: 'invalid', error }),
          }
        : undefined,
    );
    const result = await issue(['caa.test', 'b.caa.test'], '--cert-name', 'caa', '--on-failed-name', 'drop');
    proxy.setFault();
    expect(result.exitCode).toBe(0);
    expect(jsonOf(result)).toMatchObject({ certificate: { names: ['caa.test'] }, leftOut: ['b.caa.test'] });
    const names = jsonLines(await here.run(['name', 'list', '--json']));
    expect(names.filter(({ name }) => String(name).endsWith('caa.test'))).toEqual([
      expect.objectContaining({ name: 'b.caa.test' }),
    ]);
    here.change("update certificates set removed_at = created_at where name = 'caa'");
  });

  it('are told by the CA when it would not have them in an order', async () => {
    const detail =
      'Cannot issue for "bad.forbidden.test": The ACME server refuses to issue a certificate for this domain name';
    proxy.setFault(({ kind, count }) =>
      kind === 'newOrder' && count === 1
        ? {
            type: 'answer',
            status: 400,
            headers: { 'content-type': 'application/problem+json' },
            body: JSON.stringify({
              type: 'urn:ietf:params:acme:error:rejectedIdentifier',
              detail,
              status: 400,
            }),
          }
        : undefined,
    );
    const result = await issue(['good.forbidden.test', 'bad.forbidden.test'], '--on-failed-name', 'drop');
    proxy.setFault();
    expect(result.exitCode).toBe(0);
    expect(jsonOf(result)).toMatchObject({
      certificate: { names: ['good.forbidden.test'] },
      leftOut: ['bad.forbidden.test'],
    });
  }, 180_000);
});

/** Makes a certificate of 90 days look as if so many of them were left. */
function setDaysLeft(name: string, days: number): void {
  const notAfter = Date.now() + days * dayMs;
  const [from, to] = [notAfter - 90 * dayMs, notAfter].map((ms) => new Date(ms).toISOString());
  here.change('update certificates set not_before = ?, not_after = ? where name = ?', from, to, name);
}
