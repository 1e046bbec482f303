import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Installation, jsonLines, newInstallation } from '../../support/installation.ts';
import { faultsOf } from '../../support/openssl.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { dnsHook } from '../../support/recording-hook.ts';
import { serveWebroot } from '../../support/webroot-server.ts';

let lab: PebbleLab;
let here: Installation;

beforeAll(async () => {
  lab = await startPebble();
});

afterAll(async () => {
  await lab.stop();
});

beforeEach(async () => {
  here = await newInstallation(lab);
});

afterEach(async () => {
  await here.remove();
});

async function configure(...lines: string[]): Promise<string> {
  const file = here.file('config.yaml');
  await writeFile(file, lines.join('\n'));
  return file;
}

function withFile(config: string, ...args: string[]): ReturnType<Installation['run']> {
  return here.run(['--config', config, ...args]);
}

it('names of one certificate are proven each its own way, and the rule that chose is shown', async () => {
  const webServer = await serveWebroot(here.webroot, lab.httpPort);
  const hook = await dnsHook(here, lab.challtestsrv.managementUrl);
  const config = await configure(
    'solvers:',
    `  web: { webroot: ${here.webroot}, names: [ways.test] }`,
    `  zones: { hook: "${hook.command}", propagationTimeout: 0s, names: ["*.ways.test"] }`,
  );
  const names = ['ways.test', '*.ways.test'];
  const dry = await withFile(config, 'issue', '--dry-run', ...names);
  expect(dry.stdout).toContain(
    `  proves ways.test: http-01 by web (webroot ${here.webroot}), by the pattern ways.test at ${config}:2:`,
  );
  expect(dry.stdout).toMatch(
    / {2}proves \*\.ways\.test: dns-01 by zones \(hook .*\), by the pattern \*\.ways\.test at /,
  );
  expect(await withFile(config, 'issue', ...names)).toMatchObject({ exitCode: 0, stderr: '' });
  await webServer.stop();
  const directory = here.certificate('ways.test');
  expect(await faultsOf({ directory, names, rootPem: await lab.root() })).toEqual([]);
  expect(webServer.requests.length).toBeGreaterThan(0);
  expect((await hook.calls()).map(([act, name]) => `${act ?? ''} ${name ?? ''}`)).toEqual([
    'present _acme-challenge.ways.test.',
    'cleanup _acme-challenge.ways.test.',
  ]);
  expect(here.rows('select challenge_type, identifier from presentations order by challenge_type')).toEqual([
    { challenge_type: 'dns-01', identifier: 'ways.test' },
    { challenge_type: 'http-01', identifier: 'ways.test' },
  ]);
  expect(here.rows('select settings from certificates')).toEqual([
    { settings: '{"solver":"configuration"}' },
  ]);
  expect(here.rows('select id from presentations where cleaned_at is null')).toEqual([]);
  expect(await readdir(path.join(here.webroot, '.well-known/acme-challenge')).catch(() => [])).toEqual([]);

  const shown = await withFile(config, 'cert', 'show', 'ways.test');
  expect(shown.stdout).toMatch(
    / {2}proven {4}each name its own way, last.*\n {2}proof {5}ways\.test: http-01 by web .*\n {2}proof {5}\*\.ways\.test: dns-01 by zones /,
  );
  const [json] = jsonLines(await withFile(config, 'cert', 'show', 'ways.test', '--json'));
  expect(json).toMatchObject({
    settings: { solver: 'configuration' },
    provenBy: [
      {
        names: ['ways.test'],
        challenge: 'http-01',
        solver: 'webroot',
        chosenBy: 'pattern',
        name: 'web',
        error: null,
      },
      { names: ['*.ways.test'], challenge: 'dns-01', name: 'zones', pattern: '*.ways.test' },
    ],
  });
});

it('a certificate follows the configuration when that changes, and what was typed stays', async () => {
  await mkdir(here.file('other'));
  const config = await configure(
    'solvers:',
    `  web: { webroot: ${here.webroot} }`,
    '  none-yet: { solver: standalone, names: [] }',
  );
  expect(await withFile(config, 'cert', 'add', 'follows.test')).toMatchObject({ exitCode: 0 });
  expect(await withFile(config, 'cert', 'add', 'typed.test', '--webroot', here.webroot)).toMatchObject({
    exitCode: 0,
  });
  expect(await withFile(config, 'cert', 'add', 'named.test', '--solver', 'none-yet')).toMatchObject({
    exitCode: 0,
  });
  await configure('solvers:', `  web: { webroot: ${here.file('other')}, names: [follows.test] }`);
  const webServer = await serveWebroot(here.file('other'), lab.httpPort);
  const renewed = await withFile(config, 'renew', '--json', 'follows.test', 'named.test');
  await webServer.stop();
  expect(renewed.exitCode).toBe(1);
  expect(jsonLines(renewed)).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ name: 'follows.test', status: 'issued' }),
      expect.objectContaining({
        name: 'named.test',
        status: 'failed',
        error: expect.objectContaining({
          code: 'configuration',
          message: `named.test is to be proven by the solver none-yet, and it isn't among the solvers at ${config}:2:3`,
          hint: 'write it there again, or have the certificate take another: --solver NAME',
        }) as unknown,
      }),
    ]),
  );
  // Of the one that failed, the CA heard nothing.
  expect(here.rows(`select id from orders where certificate_name = 'named.test'`)).toEqual([]);
  const [typed] = jsonLines(await withFile(config, 'cert', 'show', 'typed.test', '--json'));
  expect(typed).toMatchObject({
    settings: { solver: 'webroot', webroot: here.webroot },
    provenBy: [{ names: ['typed.test'], chosenBy: 'own', name: null, place: null }],
  });
});

it('names that no rule covers are refused before anything is sent, and one is set apart by --solver-for', async () => {
  const config = await configure('solvers:', `  web: { webroot: ${here.webroot}, names: [a.test] }`);
  const refused = await withFile(config, 'issue', 'a.test', 'b.test');
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain(`no pattern of the solvers at ${config}:2:3 fits b.test`);
  expect(refused.stderr).toContain('write names: [b.test] at one of them (the first is web, ');
  const wildcard = await withFile(config, 'issue', '*.a.test');
  expect(wildcard).toMatchObject({ exitCode: 2, stdout: '' });
  expect(wildcard.stderr).toContain("write names: ['*.a.test'] at a solver that answers dns-01");

  const webServer = await serveWebroot(here.webroot, lab.httpPort);
  const apart = ['--solver-for', 'b.test=web', '--solver-for', 'c.test=web'];
  expect(await withFile(config, 'issue', 'a.test', 'b.test', 'c.test', ...apart)).toMatchObject({
    exitCode: 0,
  });
  // Without options it takes what it was issued with.
  expect(await withFile(config, 'issue', '--force', 'a.test', 'b.test', 'c.test')).toMatchObject({
    exitCode: 0,
  });
  await webServer.stop();
  const [json] = jsonLines(await withFile(config, 'cert', 'show', 'a.test', '--json'));
  expect(json).toMatchObject({
    settings: { solver: 'configuration', solverFor: { 'b.test': 'web', 'c.test': 'web' } },
    provenBy: [
      { names: ['a.test'], chosenBy: 'pattern' },
      { names: ['b.test', 'c.test'], chosenBy: 'solver-for', name: 'web' },
    ],
  });
  const set = await withFile(config, 'cert', 'set', 'a.test', '--solver', 'web', '--solver-for', '');
  expect(set.stdout + set.stderr).toContain(
    'proof of the names --solver configuration --solver-for b.test=web,c.test=web → --solver web',
  );
});

it('rows of CSV and NDJSON, and certificates: of the configuration have solverFor', async () => {
  const solvers = [
    'solvers:',
    `  web: { webroot: ${here.webroot} }`,
    '  own: { solver: standalone, names: [] }',
  ];
  const config = await configure(
    ...solvers,
    'certificates:',
    '  - { names: [c.test, www.c.test], solverFor: { www.c.test: own } }',
  );
  const csv = here.file('list.csv');
  await writeFile(csv, 'names,solverFor\na.test www.a.test,www.a.test=own\n');
  const ndjson = here.file('list.ndjson');
  await writeFile(
    ndjson,
    '{"names":["b.test"],"solverFor":{"b.test":"standalone"}}\n{"names":["d.test"],"solverFor":{"b.test":"own"}}\n',
  );
  expect(await withFile(config, 'cert', 'import', csv)).toMatchObject({ exitCode: 0 });
  const second = await withFile(config, 'cert', 'import', ndjson);
  expect(second.exitCode).toBe(1);
  expect(second.stdout + second.stderr).toContain(
    "b.test is set apart by --solver-for, and isn't a name of the certificate",
  );
  const kept = jsonLines(await withFile(config, 'cert', 'list', '--json'));
  expect(kept.map(({ name, settings }) => [name, settings])).toEqual([
    ['a.test', { solver: 'configuration', solverFor: { 'www.a.test': 'own' } }],
    ['b.test', { solver: 'configuration', solverFor: { 'b.test': 'standalone' } }],
    ['c.test', { solver: 'configuration', solverFor: { 'www.c.test': 'own' } }],
  ]);
  const dry = await withFile(config, 'renew', '--dry-run');
  expect(dry.stdout).toContain(
    `a.test: missing, 1 order with 2 names, proven by web (${config}:2:8), own (${config}:3:8)`,
  );
});
