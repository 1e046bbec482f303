import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonLines } from '../../support/installation.ts';
import { type ProgramResult, runProgram, startProgram } from '../../support/program.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { type Workspace, newWorkspace } from '../../support/workspace.ts';

let here: Workspace;

beforeAll(async () => {
  here = await newWorkspace();
  await mkdir(here.file('sites/a'), { recursive: true });
});

afterAll(async () => {
  await here.remove();
});

/** Nobody answers there, and nobody is asked. */
function run(args: string[], stateDir: string, input?: string): Promise<ProgramResult> {
  return runProgram(
    ['--state-dir', here.file(stateDir), '--ca', 'https://127.0.0.1:1/dir', ...args],
    input === undefined ? {} : { input },
  );
}

function rowsIn(stateDir: string): unknown[] {
  const ledger = rawDatabase(here.file(`${stateDir}/ledger.sqlite`), { fileMustExist: true });
  try {
    const events = "select kind, certificate_name, data from events where kind like 'certificate%'";
    return [...ledger.prepare('select * from certificates').all(), ...ledger.prepare(events).all()];
  } finally {
    ledger.close();
  }
}

const good = [
  '{"names":["a.test","www.a.test"],"webroot":"a","ca":"letsencrypt-staging"}',
  '{"name":"b","names":["*.b.test"],"hook":"./dns.sh","keyType":"ec384","hookTimeout":"1m"}',
];
const bad = [
  '{"names":["c.test"],"webroot":"missing"}',
  '{"names":["d.test"],"webroot":"a","keytype":"ec384"}',
  '{"name":"b","names":["e.test"],"webroot":"a"}',
];

it('cert import takes the good rows, tells the bad ones with their lines, and changes nothing the second time', async () => {
  const file = here.file('sites/list.ndjson');
  await writeFile(here.file('sites/dns.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await writeFile(file, [good[0], bad[0], bad[1], good[1], bad[2], ''].join('\n'));
  const first = await run(['cert', 'import', file], 'state');
  expect(first).toMatchObject({
    exitCode: 1,
    stdout: `${file}: 2 added, 0 changed, 0 unchanged, 3 failed\n`,
  });
  const told = first.stderr.split('\n').filter((line) => line.startsWith('error: '));
  expect(told).toEqual([
    expect.stringContaining(`error: ${file}:2: --webroot ${here.file('sites/missing')} can't be used`),
    `error: ${file}:3: there is no field "keytype"`,
    `error: ${file}:5: line 4 has a certificate b already`,
  ]);
  expect(first.stderr).toContain('\nhint: did you mean keyType?\n');
  const [a, b] = jsonLines(await runProgram(['--state-dir', here.file('state'), 'cert', 'list', '--json']));
  expect(a).toMatchObject({
    name: 'a.test',
    names: ['a.test', 'www.a.test'],
    ca: 'https://acme-staging-v02.api.letsencrypt.org/directory',
    settings: { solver: 'webroot', webroot: here.file('sites/a') },
    serial: null,
  });
  expect(b).toMatchObject({
    name: 'b',
    ca: 'https://127.0.0.1:1/dir',
    keyType: 'ec384',
    settings: { hook: './dns.sh', hookDirectory: here.file('sites'), hookTimeoutSeconds: 60 },
  });
  const rows = rowsIn('state');
  const second = await run(['cert', 'import', file, '--json'], 'state');
  expect(second).toMatchObject({ exitCode: 1, stderr: '' });
  expect(jsonLines(second)).toMatchObject([
    { line: 2, error: { code: 'usage' } },
    { line: 3, error: { code: 'bad-file', hint: 'did you mean keyType?' } },
    { line: 5 },
    { summary: { rows: 5, added: 0, changed: 0, unchanged: 2, failed: 3 } },
  ]);
  expect(rowsIn('state')).toEqual(rows);
});

it('cert import leaves what another command has changed since it began, and says so', async () => {
  const add = ['cert', 'add', 'c.test', '--webroot', here.file('sites/a')];
  expect(await run(add, 'overtaken')).toMatchObject({ exitCode: 0 });
  const list = new PassThrough();
  const common = ['--state-dir', here.file('overtaken'), '--ca', 'https://127.0.0.1:1/dir'];
  const importing = startProgram([...common, 'cert', 'import', '-'], { input: list });
  // What is wanted was read when the first row is told of.
  list.write('{"nmaes":[]}\n');
  await importing.waitFor(/there is no field "nmaes"/);
  expect(await run(['cert', 'set', 'c.test', '--key-type', 'ec384'], 'overtaken')).toMatchObject({
    exitCode: 0,
  });
  list.end(`${JSON.stringify({ names: ['c.test'], deployHook: '/bin/true' })}\n`);
  const ended = await importing.finished;
  expect(ended).toMatchObject({
    exitCode: 1,
    stdout: 'stdin: 0 added, 0 changed, 0 unchanged, 2 failed\n',
    stderr: expect.stringContaining('another command has just changed the certificate c.test') as unknown,
  });
  const [shown] = jsonLines(await run(['cert', 'show', 'c.test', '--json'], 'overtaken'));
  expect(shown).toMatchObject({ keyType: 'ec384', deployHook: null });
});

it('cert import --strict takes all rows of stdin or none', async () => {
  const refused = await run(
    ['cert', 'import', '-', '--strict'],
    'strict',
    `names,solver\na.test,standalone\nb.test,nosuch\n`,
  );
  expect(refused).toMatchObject({ exitCode: 2, stdout: 'stdin: 1 of 2 rows failed; nothing was written\n' });
  expect(refused.stderr).toMatch(/^error: stdin:3: --solver "nosuch" isn't there\nhint: /);
  expect(existsSync(here.file('strict'))).toBe(false);
  const taken = await run(
    ['cert', 'import', '-', '--strict'],
    'strict',
    `names,solver\na.test,standalone\nb.test,standalone\n`,
  );
  expect(taken).toMatchObject({
    exitCode: 0,
    stderr: '',
    stdout: 'stdin: 2 added, 0 changed, 0 unchanged, 0 failed\n',
  });
  expect(rowsIn('strict')).toHaveLength(4);
  expect((await readdir(tmpdir())).filter((name) => name.startsWith('acme-ledger-import-'))).toEqual([]);
});

it('cert import --dry-run, and a file that is no list, write nothing', async () => {
  const dry = await run(
    ['cert', 'import', '-', '--dry-run', '--json'],
    'dry',
    'names,solver\na.test,standalone\n',
  );
  expect(dry).toMatchObject({ exitCode: 0, stderr: '' });
  expect(jsonLines(dry)).toEqual([{ summary: { rows: 1, added: 1, changed: 0, unchanged: 0, failed: 0 } }]);
  const wrong = await run(['cert', 'import', '-'], 'dry', '\u001b[31mname\n');
  expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/^error: stdin:1: there is no column "\\x1b\[31mname"\nhint: /);
  expect(await run(['cert', 'import', here.file('nowhere.csv')], 'dry')).toMatchObject({ exitCode: 2 });
  expect(existsSync(here.file('dry'))).toBe(false);
});
