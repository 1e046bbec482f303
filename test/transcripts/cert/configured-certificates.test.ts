import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonLines } from '../../support/installation.ts';
import { type ProgramResult, runProgram } from '../../support/program.ts';
import { type Workspace, newWorkspace } from '../../support/workspace.ts';

let here: Workspace;

beforeAll(async () => {
  here = await newWorkspace();
  await mkdir(here.file('etc'));
});

afterAll(async () => {
  await here.remove();
});

/** At the CA nobody answers. */
async function configure(...entries: string[]): Promise<void> {
  const list = entries.length === 0 ? ' []' : entries.map((entry) => `\n  - ${entry}`).join('');
  await writeFile(
    here.file('etc/config.yaml'),
    `ca: https://127.0.0.1:1/dir\nstateDir: ${here.stateDir}\ncertificates:${list}\n`,
  );
}

function run(...args: string[]): Promise<ProgramResult> {
  return runProgram(['--config', here.file('etc/config.yaml'), ...args]);
}

async function wanted(): Promise<string[]> {
  return jsonLines(await run('cert', 'list', '--json')).map(({ name }) => String(name));
}

const plain = '{ names: [a.test, www.a.test], webroot: ../webroot }';
const wildcard = '{ name: b, names: ["*.b.test"], hook: ./not-there.sh, keyType: ec384 }';

it('certificates of the configuration are wanted, by renew for good, until they are gone from it', async () => {
  await configure(plain, wildcard);
  expect(await wanted()).toEqual(['a.test', 'b']);
  const dry = await run('renew', '--dry-run');
  expect(dry.stdout).toMatch(/^a\.test: missing, 1 order with 2 names\nb: missing.*\n2 due, 0 not due/);
  expect(existsSync(here.stateDir)).toBe(false);
  // Nobody answers at the CA, and the hook isn't there: what is wanted is written down all the same.
  expect(await run('renew')).toMatchObject({ exitCode: 1 });
  const [a] = jsonLines(await run('cert', 'list', '--json'));
  expect(a).toMatchObject({ name: 'a.test', settings: { solver: 'webroot', webroot: here.webroot } });
  await configure(wildcard);
  expect(await wanted()).toEqual(['b']);
  await configure();
  expect(await run('renew')).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  expect(await wanted()).toEqual([]);
});

it('what the configuration wants is changed there, and not by a command', async () => {
  await configure(plain);
  await run('renew');
  const place = `${here.file('etc/config.yaml')}:4:5`;
  for (const args of [
    ['cert', 'add', 'a.test', '--webroot', here.webroot],
    ['issue', 'a.test', '--solver', 'standalone'],
    ['cert', 'remove', 'a.test'],
  ]) {
    const refused = await run(...args);
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toMatch(/^error: the configuration wants /);
    expect(refused.stderr).toContain(place);
  }
  // Just what is written there may be said again.
  const same = await run('cert', 'add', 'a.test', 'www.a.test', '--webroot', here.webroot);
  expect(same).toMatchObject({ exitCode: 0, stdout: 'a.test: unchanged\n' });
  await run('cert', 'add', 'own.test', '--solver', 'standalone');
  await configure(plain, '{ names: [own.test], webroot: ../webroot }');
  const conflict = await run('renew');
  expect(conflict).toMatchObject({ exitCode: 2, stdout: '' });
  expect(conflict.stderr).toMatch(
    /^error: .*config\.yaml:5:5: a certificate own\.test is there already, wanted otherwise by a command\nhint: acme-ledger cert remove own\.test /,
  );
});
