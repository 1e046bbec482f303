import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import {
  type ListedLedger,
  authorities,
  failure,
  inDays,
  newListedLedger,
} from '../../support/listed-ledger.ts';
import { runProgram } from '../../support/program.ts';
import { newWorkspace } from '../../support/workspace.ts';

describe('status where nothing is there yet', () => {
  it('says where it looked and how to begin, makes nothing, and ends well', async () => {
    const workspace = await newWorkspace();
    const { directory, stateDir } = workspace;
    const env = { XDG_CONFIG_HOME: `${directory}/config` };
    const status = ['--state-dir', stateDir, 'status'];
    const shown = await runProgram(status, { cwd: directory, env });
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain(`\n  state directory  ${stateDir}\n`);
    expect(shown.stdout).toContain(
      `${directory}/config/acme-ledger/config.yaml, /etc/acme-ledger/config.yaml`,
    );
    expect(shown.stdout).toMatch(/^to begin:\n {2}acme-ledger issue example\.com /m);
    expect(shown.stdout).toMatch(/^ {2}acme-ledger account import --import-accounts certbot --certificates/m);
    const json = jsonOf(await runProgram([...status, '--json'], { cwd: directory, env }));
    expect(json).toMatchObject({ accounts: [], places: { stateDir, configuration: null } });
    const checked = await runProgram([...status, '--check'], { cwd: directory, env });
    expect(checked.exitCode).toBe(0);
    expect(checked.stdout).toMatch(/^OK - no certificates in \S+ \| certificates=0 due=0 /);
    expect(await readdir(directory)).toEqual(['webroot']);
    await workspace.remove();
  });
});

describe('what a monitor is told', () => {
  let here: ListedLedger;

  beforeAll(async () => {
    here = await newListedLedger();
    await here.want({ name: 'well.test' }, { name: 'resting.test' });
    await here.store('well.test', { since: 10, left: 80 });
    await here.store('resting.test', { since: 85, left: 5 });
    here.change("update certificates set paused_at = ? where name = 'resting.test'", inDays(-1));
  });

  afterAll(() => here.remove());

  it('is OK where all is well, and a paused certificate is no news', async () => {
    expect(await here.run(['status', '--check'])).toMatchObject({
      exitCode: 0,
      stdout:
        'OK - 2 certificates, 0 due | certificates=2 due=0 failing=0 waiting_too_long=0 ending_soon=0\n',
      stderr: '',
    });
  });

  it('is WARNING for what fails, for what waits too long, and for an account that was lost', async () => {
    await here.want({ name: 'bad.test' }, { name: 'new.test' });
    await here.want({ name: 'lost.test', ca: authorities.lost });
    here.change(
      "update certificates set last_error = ? where name = 'bad.test'",
      JSON.stringify(failure('authorization-invalid', 'no A record')),
    );
    // A certificate that doesn't exist can wait for a day.
    here.change("update certificates set created_at = ? where name = 'new.test'", inDays(-2));
    const checked = await here.run(['status', '--check']);
    expect(checked.exitCode).toBe(1);
    expect(checked.stdout).toMatch(
      /^WARNING - 1 certificate fails \(bad\.test\); 1 certificate waits too long \(new\.test\); the account at https:\/\/lost\.invalid\/dir can't be used any more; 5 certificates, 3 due \(2 go now; 1 waits for a new account\) \| /,
    );
    expect(checked.stdout.split('\n')).toHaveLength(2);
  });

  it('is CRITICAL for what ends soon, above all else', async () => {
    await here.want({ name: 'ending.test' });
    await here.store('ending.test', { since: 80, left: 10 });
    const checked = await here.run(['status', '--check']);
    expect(checked.exitCode).toBe(2);
    expect(checked.stdout).toMatch(
      /^CRITICAL - 1 certificate ends soon \(ending\.test\); 1 certificate fails /,
    );
    const json = await here.run(['status', '--check', '--json']);
    expect(json.exitCode).toBe(2);
    expect(jsonOf(json)).toMatchObject({ check: { state: 'critical' } });
    expect(await here.run(['status'])).toMatchObject({ exitCode: 0 });
  });
});

describe('renew of what has to wait', () => {
  it('ends with 75 as long as it can, and with 1 once there is no time left', async () => {
    const here = await newListedLedger();
    await here.want({ name: 'early.test' }, { name: 'late.test' });
    await here.store('early.test', { since: 65, left: 25 });
    await here.store('late.test', { since: 80, left: 10 });
    const until = inDays(0.5);
    here.change(
      `insert into holds (account_id, scope, subject, limit_name, not_before, noted_at, error)
       values (1, 'orders', '', '', ?, ?, ?)`,
      until,
      inDays(-0.1),
      JSON.stringify(failure('ca-limit', 'not so often', until)),
    );
    const early = await here.run(['renew', 'early.test', '--json']);
    expect(early.exitCode).toBe(75);
    expect(jsonLines(early).at(-1)).toEqual({
      summary: { due: 1, issued: 0, renewed: 0, failed: 0, deferred: 1, notDue: 0 },
    });
    const late = await here.run(['renew']);
    expect(late).toMatchObject({ exitCode: 1, stdout: '' });
    expect(late.stderr).toMatch(
      /^warning: 1 certificate waits for longer than there is time: late\.test\nhint: /m,
    );
    expect(late.stderr).toContain('2 deferred (1 for longer than there is time); 0 not due\n');
    await here.remove();
  });
});
