import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ proxy, here } = stage);
});

afterAll(() => stage.stop());

beforeEach(() => {
  proxy.resetCounts();
});

const time: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);

async function add(name: string): Promise<void> {
  const added = await here.run(['cert', 'add', name, '--webroot', here.webroot]);
  expect(added).toMatchObject({ exitCode: 0 });
}

async function remove(...names: string[]): Promise<void> {
  await here.run(['cert', 'remove', ...names]);
}

it('a paused certificate stays wanted, and renew leaves it alone until it is resumed', async () => {
  await add('rest.test');
  await add('work.test');
  const paused = await here.run(['cert', 'pause', 'rest.test', '--json']);
  expect(jsonOf(paused)).toEqual({
    name: 'rest.test',
    paused: { since: time, until: null },
    notAfter: null,
  });
  const renewed = jsonLines(await here.run(['renew', '--json']));
  expect(renewed).toEqual([
    { name: 'work.test', status: 'issued', error: null },
    { summary: { due: 1, issued: 1, renewed: 0, failed: 0, deferred: 0, notDue: 0, paused: 1 } },
  ]);
  proxy.resetCounts();
  const dry = await here.run(['renew', '--all', '--dry-run']);
  expect(dry.stdout).toMatch(/^work\.test: .*\n(.*\n)*1 due, 0 not due; 1 paused; nothing was sent\n$/);
  const named = await here.run(['renew', 'rest.test']);
  expect(named).toMatchObject({
    exitCode: 0,
    stdout: '',
    stderr:
      'warning: rest.test is paused, and left alone\nhint: acme-ledger cert resume rest.test ends the pause; acme-ledger issue --cert-name rest.test issues it all the same\n',
  });
  expect(proxy.requests).toEqual([]);
  expect((await here.run(['cert', 'list'])).stdout).toMatch(/^rest\.test +1 +not issued +paused *$/m);
  expect((await here.run(['cert', 'show', 'rest.test'])).stdout).toContain(
    '\n  due       paused: acme-ledger cert resume rest.test ends the pause\n',
  );
  const { certificates } = jsonOf(await here.run(['status', '--json']));
  expect(certificates).toMatchObject({ total: 2, due: 0, failing: 0, paused: 1, pausedEnding: 0 });
  expect((await here.run(['status'])).stdout).toContain(', 1 paused: acme-ledger cert list\n');
  expect(jsonOf(await here.run(['cert', 'resume', 'rest.test', '--json']))).toEqual({
    name: 'rest.test',
    resumed: true,
  });
  expect(await here.run(['cert', 'resume', 'rest.test'])).toMatchObject({
    exitCode: 0,
    stdout: 'rest.test: was not paused\n',
  });
  expect(await here.run(['renew', 'rest.test'])).toMatchObject({ exitCode: 0, stderr: '' });
  // The CA may have refused a nonce, and got the order twice.
  expect(here.rows("select id from orders where certificate_name = 'rest.test'")).toHaveLength(1);
  await remove('rest.test', 'work.test');
});

it('a pause ends by itself at its time, and another --until moves its end', async () => {
  await add('timed.test');
  const first = jsonOf(await here.run(['cert', 'pause', 'timed.test', '--until', '30d', '--json']));
  const second = jsonOf(await here.run(['cert', 'pause', 'timed.test', '--until', '2099-01-31', '--json']));
  expect(second['paused']).toEqual({
    since: (first['paused'] as { since: string }).since,
    until: '2099-01-31T00:00:00.000Z',
  });
  expect((await here.run(['cert', 'list'])).stdout).toContain('paused until 2099-01-31T00:00Z');
  here.change(`update certificates set paused_until = ? where name = 'timed.test'`, new Date().toISOString());
  expect(jsonLines(await here.run(['renew', '--dry-run', '--json']))[0]).toMatchObject({
    name: 'timed.test',
  });
  expect(jsonOf(await here.run(['cert', 'show', 'timed.test', '--json']))).toMatchObject({ paused: null });
  await remove('timed.test');
});

it.each([
  ['yesterday', /^error: --until "yesterday" is neither a time nor a duration\nhint: as in --until 2027-/],
  ['2027-01-31T08:00', /^error: --until "2027-01-31T08:00" is neither/],
  ['2020-01-01', /^error: --until "2020-01-01" is over already\nhint: /],
])('--until %s is refused, and nothing is paused', async (until, message) => {
  await add('until.test');
  const refused = await here.run(['cert', 'pause', 'until.test', '--until', until]);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toMatch(message);
  expect(here.rows('select name from certificates where paused_at is not null')).toEqual([]);
  await remove('until.test');
});

it('pauses none where one name is unknown', async () => {
  await add('known.test');
  const refused = await here.run(['cert', 'pause', 'known.test', 'unknown.test']);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain('unknown.test\nhint: acme-ledger cert list');
  expect(here.rows('select name from certificates where paused_at is not null')).toEqual([]);
  await remove('known.test');
});

it('an import and the configuration leave the pause; cert remove ends it', async () => {
  await mkdir(here.file('lists'));
  const list = here.file('lists/list.ndjson');
  await writeFile(list, `{"names":["listed.test"],"webroot":"${here.webroot}"}\n`);
  await here.run(['cert', 'import', list]);
  await here.run(['cert', 'pause', 'listed.test']);
  await writeFile(list, `{"names":["listed.test"],"webroot":"${here.webroot}","keyType":"ec384"}\n`);
  expect((await here.run(['cert', 'import', list])).stdout).toContain('1 changed');
  expect((await here.run(['renew', '--dry-run'])).stdout).toContain('0 due, 0 not due; 1 paused');
  await remove('listed.test');
  await here.run(['cert', 'import', list]);
  expect((await here.run(['renew', '--dry-run'])).stdout).toContain('1 due, 0 not due; nothing');
  await remove('listed.test');
  const config = here.file('lists/config.yaml');
  await writeFile(config, `certificates:\n  - { names: [configured.test], webroot: ${here.webroot} }\n`);
  // The configuration hasn't been written down yet.
  expect(await here.run(['cert', 'pause', 'configured.test', '--config', config])).toMatchObject({
    exitCode: 0,
  });
  await writeFile(
    config,
    `certificates:\n  - { names: [configured.test, www.configured.test], webroot: ${here.webroot} }\n`,
  );
  const renewed = await here.run(['renew', '--config', config, '--json']);
  expect(jsonLines(renewed)).toMatchObject([{ summary: { due: 0, paused: 1 } }]);
  expect(proxy.requests).toEqual([]);
});

it('the CA is not asked when to renew a paused certificate', async () => {
  expect(await here.run(['issue', 'asked.test', '--webroot', here.webroot])).toMatchObject({ exitCode: 0 });
  await here.run(['cert', 'pause', 'asked.test']);
  here.change('update certificates set ari_ask_at = null');
  proxy.resetCounts();
  expect(await here.run(['renew', 'asked.test'])).toMatchObject({ exitCode: 0 });
  expect(proxy.requests).toEqual([]);
  await here.run(['cert', 'resume', 'asked.test']);
  expect(await here.run(['renew', 'asked.test'])).toMatchObject({ exitCode: 0 });
  expect(proxy.requests.map(({ kind }) => kind)).toEqual(['renewalInfo']);
});

it('a paused certificate near its end is told, so that it is not forgotten', async () => {
  expect(await here.run(['issue', 'ends.test', '--webroot', here.webroot])).toMatchObject({ exitCode: 0 });
  await here.run(['cert', 'pause', 'ends.test']);
  here.change(
    `update certificates set not_before = '2026-01-01T00:00:00.000Z', not_after = ? where name = 'ends.test'`,
    new Date(Date.now() + 60_000).toISOString(),
  );
  const { certificates } = jsonOf(await here.run(['status', '--json']));
  expect(certificates).toMatchObject({ due: 0, expiringSoon: 0, pausedEnding: 1 });
  expect((await here.run(['status'])).stdout).toMatch(
    / 0 ending soon, \d paused, 1 of them ending soon: acme-ledger cert list/,
  );
  const check = await here.run(['status', '--check']);
  expect(check).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(' ending_soon=0') as unknown });
  // The CA may have refused a nonce, and got the order twice.
  expect(here.rows("select id from orders where certificate_name = 'ends.test'")).toHaveLength(1);
});
