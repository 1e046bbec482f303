import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonLines, jsonOf } from '../../support/installation.ts';
import { type ProgramResult, runProgram } from '../../support/program.ts';
import { type Workspace, newWorkspace } from '../../support/workspace.ts';

let here: Workspace;

beforeAll(async () => {
  here = await newWorkspace();
  for (const folder of ['one', 'two']) await mkdir(here.file(folder));
});

afterAll(async () => {
  await here.remove();
});

/** Nobody answers at the CA, and nobody is asked. */
const ca = 'https://127.0.0.1:1/dir';

function run(args: string[], input?: string): Promise<ProgramResult> {
  const options = ['--state-dir', here.stateDir, '--ca', ca];
  return runProgram([...options, ...args], input === undefined ? {} : { input });
}

async function shown(name: string): Promise<Record<string, unknown>> {
  return jsonOf(await run(['cert', 'show', name, '--json']));
}

async function add(...args: string[]): Promise<void> {
  expect(await run(['cert', 'add', ...args])).toMatchObject({ exitCode: 0, stderr: '' });
}

it('cert add keeps what is not typed, lists what changes, and an empty value takes away', async () => {
  const hook = ['--hook', 'dns.sh', '--hook-timeout', '5m', '--resolver', '192.0.2.53'];
  await add('a.test', '*.a.test', '--key-type', 'rsa2048', '--deploy-hook', 'reload', ...hook);
  const before = await shown('a.test');
  const changed = await run(['cert', 'add', '*.a.test', 'a.test', '--key-type', 'ec256']);
  expect(changed).toMatchObject({
    exitCode: 0,
    stdout: 'a.test: changed; the next acme-ledger renew orders it\n',
    stderr: 'a.test: key type rsa2048 → ec256\n',
  });
  expect(await shown('a.test')).toEqual({ ...before, keyType: 'ec256' });
  const emptied = await run(['cert', 'add', '--cert-name', 'a.test', '--deploy-hook', '', '--resolver', '']);
  expect(emptied.stderr).toMatch(
    /^a\.test: proof of the names .*--hook-timeout 300s .*--resolver 192\.0\.2\.53:53 in .* → .*--hook-timeout 300s /,
  );
  expect(emptied.stderr).toContain('\na.test: deploy hook reload → none\n');
  expect(await shown('a.test')).toMatchObject({
    deployHook: null,
    settings: { hook: 'dns.sh', hookTimeoutSeconds: 300, resolver: null },
  });
  // Another solver takes the place of the one before and of its options.
  await run(['cert', 'add', '--cert-name', 'a.test', 'a.test', '--webroot', here.file('one')]);
  expect(await shown('a.test')).toMatchObject({
    names: ['a.test'],
    settings: { solver: 'webroot', challenge: 'http-01', webroot: here.file('one') },
  });
  expect(await run(['cert', 'add', 'a.test'])).toMatchObject({
    exitCode: 0,
    stdout: 'a.test: unchanged\n',
    stderr: '',
  });
});

it('names are told as a change, and just the same names are the same certificate by whatever name', async () => {
  await add('--cert-name', 'web', 'n.test', 'www.n.test', '--webroot', here.file('one'));
  const same = await run(['cert', 'add', 'www.n.test', 'n.test', '--profile', 'short', '--json']);
  expect(jsonOf(same)).toEqual({
    name: 'web',
    names: ['n.test', 'www.n.test'],
    outcome: 'changed',
    changes: [{ what: 'profile', from: null, to: 'short' }],
    isOrderedNext: true,
    adopted: false,
  });
  const other = await run(['cert', 'add', '--cert-name', 'web', 'n.test', 'shop.n.test']);
  expect(other.stderr).toBe('web: names n.test www.n.test → n.test shop.n.test\n');
  await add('--cert-name', 'twin', 'n.test', 'shop.n.test', '--webroot', here.file('two'));
  const which = await run(['cert', 'add', 'shop.n.test', 'n.test', '--key-type', 'ec384']);
  expect(which).toMatchObject({ exitCode: 2, stdout: '' });
  expect(which.stderr).toBe(
    'error: several certificates have these names: twin, web\nhint: say which one is meant, as in --cert-name twin\n',
  );
});

it('cert set changes one thing without naming the rest', async () => {
  await add('s.test', '--webroot', here.file('one'), '--deploy-hook', 'reload');
  const set = await run(['cert', 'set', 's.test', '--key-type', 'ec384', '--no-reuse-key']);
  expect(set).toMatchObject({ exitCode: 0, stderr: 's.test: key type ec256 → ec384\n' });
  expect(await shown('s.test')).toMatchObject({ keyType: 'ec384', deployHook: 'reload' });
  const quiet = await run(['-q', 'cert', 'set', 's.test', '--reuse-key', '--json']);
  expect(quiet).toMatchObject({ exitCode: 0, stderr: '' });
  expect(jsonOf(quiet)).toMatchObject({ changes: [{ what: 'reuseKey', from: false, to: true }] });
  expect(await run(['cert', 'set', 'unknown.test', '--key-type', 'ec384'])).toMatchObject({
    exitCode: 2,
    stderr: expect.stringMatching(
      /^error: the ledger has no certificate unknown\.test\nhint: acme-ledger cert list/,
    ) as string,
  });
  const nothing = await runProgram(['--state-dir', here.stateDir, 'cert', 'set', 's.test']);
  expect(nothing).toMatchObject({ exitCode: 2, stdout: '' });
  expect(nothing.stderr).toMatch(/^error: nothing says what is to be set\nhint: /);
});

it('a certificate stays at its CA where none is typed, and that is told', async () => {
  await add('stay.test', '--webroot', here.file('one'));
  const kept = await runProgram(['--state-dir', here.stateDir, 'cert', 'set', 'stay.test', '--reuse-key']);
  expect(kept.stderr).toBe(
    "stay.test: reuse of the key no → yes\nstay.test stays at 127.0.0.1:1, as it was asked for; --ca letsencrypt moves it to Let's Encrypt\n",
  );
  const to = ['--ca', 'letsencrypt-staging'];
  const moved = await runProgram(['--state-dir', here.stateDir, 'cert', 'set', 'stay.test', ...to]);
  expect(moved.stderr).toBe("stay.test: CA 127.0.0.1:1 → Let's Encrypt staging\n");
});

it('what the configuration wants is not set by a command', async () => {
  const config = here.file('config.yaml');
  await writeFile(config, `ca: ${ca}\ncertificates:\n  - { names: [c.test], webroot: one }\n`);
  const refused = await run(['--config', config, 'cert', 'set', 'c.test', '--key-type', 'ec384']);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toMatch(/^error: the configuration wants .*c\.test \(.*config\.yaml:3:5\)\nhint: /);
  const same = await run(['--config', config, 'cert', 'set', 'c.test', '--key-type', 'ec256']);
  expect(same).toMatchObject({ exitCode: 0, stderr: '' });
});

it('a list that has no column for something keeps it, and an empty field takes it away', async () => {
  const full = 'names,webroot,deployHook,keyType\ni.test,one,reload,ec384\nj.test,one,reload,ec384\n';
  await writeFile(here.file('list.csv'), full);
  await run(['cert', 'import', here.file('list.csv')]);
  await writeFile(here.file('list.csv'), 'names,deployHook\ni.test,\nj.test,other\n');
  expect((await run(['cert', 'import', here.file('list.csv')])).stdout).toContain('2 changed, 0 unchanged');
  const kept = { keyType: 'ec384', settings: { webroot: here.file('one') } };
  expect(await shown('i.test')).toMatchObject({ ...kept, deployHook: null });
  expect(await shown('j.test')).toMatchObject({ ...kept, deployHook: 'other' });
  const row = '{"names":["j.test"],"keyType":null}\n{"names":["k.test"]}\n';
  const imported = await run(['cert', 'import', '-', '--json'], row);
  expect(jsonLines(imported)).toMatchObject([
    { line: 2, error: { code: 'usage' } },
    { summary: { changed: 1, failed: 1 } },
  ]);
  expect(await shown('j.test')).toMatchObject({ keyType: 'ec256', deployHook: 'other' });
});
