import { readFile, readdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Installation, jsonLines } from '../../support/installation.ts';
import { NameServer } from '../../support/name-server.ts';
import { type ProgramResult, startProgram } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';
import { withDefaults } from '../../support/with-defaults.ts';
import { until } from '../leak/leak-lab.ts';

let stage: Stage;
let here: Installation;
let dns: NameServer;

beforeAll(async () => {
  stage = await startStage();
  here = stage.here;
  const issued = await here.run(['issue', 'a.check.test', 'www.a.check.test', '--webroot', here.webroot]);
  expect(issued.exitCode).toBe(0);
  dns = await NameServer.start();
  for (const name of ['a.check.test', 'www.a.check.test', 'b.check.test', 'away.check.test'])
    dns.add({ type: 'A', name, data: name === 'away.check.test' ? '127.0.0.9' : '127.0.0.1' });
  dns.add({ type: 'CAA', name: 'b.check.test', data: { flags: 0, tag: 'issue', value: 'other.example' } });
}, 180_000);

afterAll(async () => {
  await dns.stop();
  await stage.stop();
});

beforeEach(() => {
  stage.proxy.resetCounts();
});

const reach = (): string[] => [
  '--probe-resolver',
  dns.address,
  '--probe-http-port',
  String(stage.lab.httpPort),
];

/** No check sends the CA anything. */
async function check(...args: string[]): Promise<ProgramResult> {
  const result = await here.run(['check', ...args, ...reach()]);
  expect(stage.proxy.requests).toEqual([]);
  expect(await answersUp()).toEqual([]);
  return result;
}

async function answersUp(): Promise<string[]> {
  return readdir(here.file('webroot/.well-known/acme-challenge')).catch(() => []);
}

it('tells of each name of a certificate that nothing stands against it', async () => {
  const result = await check('a.check.test');
  expect(result.stdout).toMatch(
    /^a\.check\.test \(127\.0\.0\.1:\d+, http-01\): well\nwww\.a\.check\.test .*: well\n$/,
  );
  expect(result.stderr).toBe('2 names checked: nothing was found that would fail\n');
  expect(result.exitCode).toBe(0);
  const lines = jsonLines(await check('--all', '--json'));
  expect(lines).toEqual(
    ['a.check.test', 'www.a.check.test'].map((name) => ({
      name,
      code: 'well',
      severity: 'info',
      message: `nothing was found that would keep ${name} from its certificate`,
      mend: 'Nothing.',
      whose: 'operator',
    })),
  );
});

it('looks at a name of no certificate as it would be ordered, by what the CA is called in CAA records', async () => {
  const result = await check('b.check.test', '--json');
  expect(result.exitCode).toBe(1);
  expect(jsonLines(result)).toMatchObject([
    { name: 'b.check.test', code: 'assumed', severity: 'info' },
    {
      name: 'b.check.test',
      code: 'caa-forbids',
      severity: 'fatal',
      whose: 'customer',
      record: { name: 'b.check.test', type: 'CAA', wanted: '0 issue "pebble.letsencrypt.org"' },
    },
  ]);
});

it('words it for the owner of the domain, without a word of this program', async () => {
  const result = await check('b.check.test', 'nowhere.check.test', 'a.check.test', '--for-customer');
  expect(result.exitCode).toBe(1);
  expect(result.stderr).toBe('');
  expect(result.stdout.split('\n')).toEqual([
    "A certificate for b.check.test can't be issued at present. Please change the following:",
    '',
    expect.stringMatching(
      /^1\. The CAA records at b\.check\.test \(0 issue "other\.example"\) do not let .* issue\.$/,
    ) as string,
    '   Add the record b.check.test. CAA 0 issue "pebble.letsencrypt.org", or remove all CAA records there.',
    '   Record:  b.check.test. CAA',
    '   Now:     0 issue "other.example"',
    '   Wanted:  0 issue "pebble.letsencrypt.org"',
    '',
    "A certificate for nowhere.check.test can't be issued at present. Please change the following:",
    '',
    '1. Nowhere.check.test is not in the DNS (NXDOMAIN).',
    '   Make an A or AAAA record for the name; see whether the domain is still registered and delegated.',
    '   Record:  nowhere.check.test. A',
    '   Now:     none',
    '',
    '',
  ]);
  const [line] = jsonLines(await check('b.check.test', '--for-customer', '--json'));
  expect(line).toMatchObject({ name: 'b.check.test', code: 'caa-forbids', isRequired: true });
});

it('says of what is no name why it is none, and goes on', async () => {
  const result = await check('no name', 'a.check.test', '--json');
  expect(result.exitCode).toBe(1);
  expect(jsonLines(result).map(({ name, code }) => [name, code])).toEqual([
    ['no name', 'name-invalid'],
    ['a.check.test', 'well'],
    ['www.a.check.test', 'well'],
  ]);
  expect(await here.run(['check'])).toMatchObject({
    exitCode: 2,
    stderr:
      'error: no name is given\nhint: acme-ledger check example.com, or acme-ledger check --all for the names of all certificates\n',
  });
});

it('puts a real answer up and takes it down with --deep, and sees where it does not show', async () => {
  const well = await check('a.check.test', '--deep', '--json');
  expect(jsonLines(well).map(({ code }) => code)).toEqual(['well', 'well']);
  expect(well.exitCode).toBe(0);
  here.change("update certificates set names = ? where name = 'a.check.test'", '["away.check.test"]');
  dns.remove('A', 'away.check.test');
  dns.add({ type: 'A', name: 'away.check.test', data: '127.0.0.1' });
  here.change(
    "update certificates set settings = ? where name = 'a.check.test'",
    JSON.stringify({ solver: 'webroot', challenge: 'http-01', webroot: here.file('elsewhere') }),
  );
  await here.run(['cert', 'list']);
  const away = await check('away.check.test', '--deep', '--json');
  expect(away.exitCode).toBe(1);
  expect(jsonLines(away).map(({ code }) => code)).toEqual(['answer-not-put-up']);
  expect(here.rows('select 1 from probes')).toEqual([]);
});

it('leaves nothing up when it is killed: the next renew takes it down', async () => {
  const hook = here.file('hook.sh');
  const up = here.file('up');
  await writeFile(
    hook,
    `#!/bin/sh\nif [ $1 = present ]; then echo $$ > ${up}; exec sleep 300; else rm -f ${up}; fi\n`,
    {
      mode: 0o755,
    },
  );
  here.change(
    "update certificates set settings = ? where name = 'a.check.test'",
    JSON.stringify({
      solver: 'exec',
      challenge: 'http-01',
      hook,
      hookDirectory: '/',
      hookStyle: 'lego',
      hookTimeoutSeconds: 300,
      hookConcurrency: 1,
      propagationTimeoutSeconds: 0,
      resolver: null,
    }),
  );
  const killed = startProgram(
    withDefaults(['check', 'a.check.test', '--deep', ...reach()], here.globalOptions),
  );
  await until('the hook has put it up', async () => (await readFile(up, 'utf8').catch(() => '')) !== '');
  killed.kill('SIGKILL');
  await killed.finished;
  expect(here.rows('select 1 from probes')).toHaveLength(1);
  const renewed = await here.run(['renew', ...reach(), '--probe-every', '1h']);
  expect(renewed.exitCode).toBe(0);
  expect(await readFile(up, 'utf8').catch(() => 'gone')).toBe('gone');
  expect(here.rows('select 1 from probes')).toEqual([]);
}, 60_000);
