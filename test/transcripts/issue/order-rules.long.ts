import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type WebrootServer, serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let here: Installation;
let webServer: WebrootServer;
let config: string;

beforeAll(async () => {
  lab = await startPebble();
});

afterAll(async () => {
  await lab.stop();
});

beforeEach(async () => {
  here = await newInstallation(lab);
  webServer = await serveWebroot(here.webroot, lab.httpPort);
  config = here.file('config.yaml');
});

afterEach(async () => {
  await webServer.stop();
  await here.remove();
});

async function withRules(rules: string, ...args: string[]): ReturnType<Installation['run']> {
  await writeFile(config, rules);
  return here.run(['--config', config, ...args]);
}

const webroot = (): string[] => ['--webroot', here.webroot];

it('no order names what neverOrder has: issue refuses it, and renew leaves it waiting and goes on', async () => {
  const added = await withRules('', 'cert', 'add', 'app.lan.test', 'www.test', ...webroot());
  expect(added).toMatchObject({ exitCode: 0 });
  expect(await withRules('', 'cert', 'add', 'other.test', ...webroot())).toMatchObject({ exitCode: 0 });
  const rules = "neverOrder: [internal.test, '*.lan.test']\n";

  const refused = await withRules(rules, 'issue', 'www.test', 'a.internal.test', ...webroot());
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toBe(
    `error: no order may name a.internal.test: neverOrder has internal.test (${config}:1:14); nothing was sent\nhint: leave the name out, or take internal.test out of neverOrder\n`,
  );
  expect(await withRules(rules, 'issue', 'lan.test', '--dry-run', ...webroot())).toMatchObject({
    exitCode: 0,
  });

  const dry = await withRules(rules, 'renew', '--dry-run');
  expect(dry.stdout).toContain(
    'app.lan.test: missing, 1 order with 2 names, deferred: no order may name app.lan.test',
  );
  expect(dry.stdout).toContain('1 waits for a rule of the configuration');
  const renewed = await withRules(rules, 'renew', '--json');
  expect(jsonLines(renewed)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'other.test', status: 'issued' }),
      expect.objectContaining({
        name: 'app.lan.test',
        status: 'deferred',
        error: expect.objectContaining({ code: 'order-rule' }) as unknown,
      }),
    ]),
  );
  expect(here.rows(`select id from orders where certificate_name = 'app.lan.test'`)).toEqual([]);
  const list = jsonLines(await withRules(rules, 'cert', 'list', '--json'));
  expect(list).toContainEqual(
    expect.objectContaining({
      name: 'app.lan.test',
      due: expect.objectContaining({ waitsFor: 'rule' }) as unknown,
    }),
  );
});

it('what an earlier attempt opened for names that are forbidden now is settled, and not kept waiting', async () => {
  const names = ['left.lan.test', 'www.lan.test'];
  // Nothing answers for them, and what isn't submitted is kept.
  const kept = ['--on-unsubmitted', 'resume', '--hook', 'exit 1', '--challenge', 'http-01'];
  expect(await withRules('', 'issue', ...names, ...kept)).toMatchObject({ exitCode: 1 });
  expect(here.rows(`select id from authorizations where status = 'pending'`)).toHaveLength(2);
  // The names themselves may be tried again.
  expect(await withRules('', 'name', 'resume', ...names)).toMatchObject({ exitCode: 0 });
  expect(await withRules('neverOrder: [lan.test]\n', 'renew')).toMatchObject({ exitCode: 75 });
  expect(here.rows(`select id from authorizations where status = 'pending'`)).toEqual([]);
});

it('many new names under one domain in a day are asked for once, with the wildcard proposed', async () => {
  const rules = 'maxNewNamesPerDomain: 2\n';
  const issue = (...args: string[]): ReturnType<typeof withRules> =>
    withRules(rules, 'issue', ...args, ...webroot());
  expect(await issue('a.many.test', 'b.many.test')).toMatchObject({ exitCode: 0 });
  // Names that were ordered before aren't new.
  expect(await issue('--force', 'a.many.test', 'b.many.test')).toMatchObject({ exitCode: 0 });
  expect(await issue('c.other.test')).toMatchObject({ exitCode: 0 });
  const dry = await issue('c.many.test', '--dry-run');
  expect(dry.stdout).toContain('  it would be refused (2): 3 new names under many.test in a day');
  const refused = await issue('c.many.test');
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain(
    "error: 3 new names under many.test in a day (a.many.test, b.many.test, c.many.test), and maxNewNamesPerDomain is 2; nothing was sent\nhint: one wildcard may stand for them: acme-ledger issue '*.many.test'; or repeat the command with --yes\n",
  );
  const waits = await withRules(rules, 'renew', '--json');
  expect(jsonLines(waits)).toContainEqual(
    expect.objectContaining({ name: 'c.many.test', status: 'deferred' }),
  );
  expect(await withRules(rules, 'renew', '--yes')).toMatchObject({ exitCode: 0 });
  // Asked for once.
  expect(await issue('--force', 'c.many.test')).toMatchObject({ exitCode: 0 });
  expect(await issue('d.many.test', '--yes')).toMatchObject({ exitCode: 0 });
});
