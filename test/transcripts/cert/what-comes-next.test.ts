import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { jsonOf } from '../../support/installation.ts';
import { runProgram, startProgram } from '../../support/program.ts';
import { type Stage, startStage } from '../../support/stage.ts';

let stage: Stage;
let lab: Stage['lab'];
let proxy: Stage['proxy'];
let here: Stage['here'];

beforeAll(async () => {
  stage = await startStage();
  ({ lab, proxy, here } = stage);
});

afterAll(() => stage.stop());

beforeEach(() => {
  proxy.setFault(undefined);
  proxy.resetCounts();
});

async function issue(...args: string[]): Promise<void> {
  const issued = await here.run(['issue', ...args, '--webroot', here.webroot]);
  expect(issued).toMatchObject({ exitCode: 0 });
  proxy.resetCounts();
}

async function keyTypeOf(name: string): Promise<string | undefined> {
  const pem = await readFile(path.join(here.certificate(name), 'cert.pem'));
  return new X509Certificate(pem).publicKey.asymmetricKeyType;
}

const staysWanted = (name: string): string =>
  `${name} stays wanted: the next acme-ledger renew tries again; acme-ledger cert remove ${name} ends that\n`;

it('a first issue that failed says that the certificate stays wanted, and how to end that', async () => {
  await lab.challtestsrv.setServfail('first.test');
  const failed = await here.run(['issue', 'first.test', '--webroot', here.webroot]);
  expect(failed).toMatchObject({ exitCode: 1, stdout: 'first.test: failed\n' });
  expect(failed.stderr).toContain(staysWanted('first.test'));
  const again = await here.run(['issue', '--cert-name', 'first.test', '--json']);
  expect(jsonOf(again)).toMatchObject({ status: 'failed', staysWanted: true });
  // Also where nothing came to the CA.
  const nobody = ['--state-dir', here.stateDir, '--ca', 'https://127.0.0.1:1/dir', '--agree-tos'];
  const unreachable = await runProgram([...nobody, 'issue', 'first.test']);
  expect(unreachable).toMatchObject({ exitCode: 1, stdout: '' });
  expect(unreachable.stderr).toMatch(/^error: [^\n]+\n(hint: [^\n]+\n)+first\.test stays wanted/m);
  expect(unreachable.stderr.endsWith(staysWanted('first.test'))).toBe(true);
  expect(await here.run(['cert', 'remove', 'first.test'])).toMatchObject({
    stdout: 'first.test: removed\n',
  });
  const unwritten = await runProgram([...nobody, 'issue', 'first.test', '--webroot', here.webroot]);
  expect(unwritten.exitCode).toBe(1);
  expect(unwritten.stderr).not.toContain('stays wanted');
});

it('a first issue that was interrupted says so, too', async () => {
  const running = startProgram([...here.globalOptions, 'issue', 'stopped.test', '--webroot', here.webroot]);
  proxy.setFault(({ kind }) => {
    if (kind === 'newOrder') running.kill('SIGTERM');
    return undefined;
  });
  const stopped = await running.finished;
  expect(stopped.exitCode).toBe(143);
  expect(stopped.stderr).toContain(staysWanted('stopped.test'));
  await here.run(['cert', 'remove', 'stopped.test']);
});

it('cert revoke says what replaces the certificate and how to end that; cert list and show say revoked', async () => {
  await issue('gone.test');
  const revoked = await here.run(['cert', 'revoke', 'gone.test']);
  expect(revoked.stdout).toBe(
    'gone.test: revoked; the next acme-ledger renew replaces it\n  acme-ledger cert remove gone.test ends that; acme-ledger cert pause gone.test puts it off\n',
  );
  expect((await here.run(['cert', 'list'])).stdout).toMatch(/^gone\.test .*revoked \d{4}-/m);
  expect((await here.run(['cert', 'show', 'gone.test'])).stdout).toMatch(
    /^gone\.test: serial \w+, revoked\n/,
  );
  await here.run(['cert', 'pause', 'gone.test']);
  const again = jsonOf(await here.run(['cert', 'revoke', 'gone.test', '--json']));
  expect(again).toMatchObject({ outcome: 'already-revoked', replacedByRenew: false });
  expect(again['paused']).toMatchObject({ until: null });
});

it('cert remove says what brings the certificate back', async () => {
  const list = here.file('list.ndjson');
  await writeFile(list, `{"names":["listed.test"],"webroot":"${here.webroot}"}\n`);
  await here.run(['cert', 'import', list]);
  const removed = await here.run(['cert', 'remove', 'listed.test']);
  expect(removed.stdout).toMatch(
    /^listed\.test: removed\n {2}an import wants it: .*\n.*cert pause listed\.test,/,
  );
  await here.run(['cert', 'import', list]);
  const json = jsonOf(await here.run(['cert', 'remove', 'listed.test', '--json']));
  expect(json).toMatchObject({ removed: true, comesBackBy: 'import' });
  const config = here.file('config.yaml');
  await writeFile(config, `certificates:\n  - { names: [configured.test], webroot: ${here.webroot} }\n`);
  await here.run(['cert', 'pause', 'configured.test', '--config', config]);
  const refused = await here.run(['cert', 'remove', 'configured.test', '--config', config]);
  expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
  expect(refused.stderr).toContain('acme-ledger cert pause configured.test');
});

it('a person who issues a paused certificate gets it, and is told that it stays paused', async () => {
  await here.run(['cert', 'add', 'paused.test', '--webroot', here.webroot]);
  await here.run(['cert', 'pause', 'paused.test']);
  const issued = await here.run(['issue', 'paused.test']);
  expect(issued).toMatchObject({
    exitCode: 0,
    stderr:
      'paused.test stays paused: renew leaves it alone; acme-ledger cert resume paused.test ends the pause\n',
  });
  // The CA may have refused a nonce, and got the order twice.
  expect(here.rows("select id from orders where certificate_name = 'paused.test'")).toHaveLength(1);
  expect(jsonOf(await here.run(['issue', 'paused.test', '--json']))).toMatchObject({
    status: 'issued',
    paused: { until: null },
  });
});

it('issue takes the names from the certificate, and cert set --now has a change issued at once', async () => {
  await issue('now.test', 'www.now.test', '--deploy-hook', 'true');
  const same = await here.run(['issue', '--cert-name', 'now.test']);
  expect(same.stdout).toContain('stands and is not due');
  const set = await here.run(['cert', 'set', 'now.test', '--key-type', 'rsa2048', '--now', '--json']);
  expect(set).toMatchObject({ exitCode: 0, stderr: 'now.test: key type ec256 → rsa2048\n' });
  expect(jsonOf(set)).toMatchObject({
    status: 'issued',
    certificate: { names: ['now.test', 'www.now.test'] },
    changes: [{ what: 'keyType', from: 'ec256', to: 'rsa2048' }],
  });
  expect(await keyTypeOf('now.test')).toBe('rsa');
  proxy.resetCounts();
  expect(await here.run(['cert', 'set', 'now.test', '--deploy-hook', ''])).toMatchObject({
    exitCode: 0,
    stdout: 'now.test: changed; nothing is ordered for that\n',
    stderr: 'now.test: deploy hook true → none\n',
  });
  const dry = await here.run(['issue', 'now.test', 'www.now.test', '--key-type', 'ec384', '--dry-run']);
  expect(dry.stdout).toContain('\n  changes key type rsa2048 → ec384\n');
  expect(await here.run(['renew', 'now.test'])).toMatchObject({ exitCode: 0 });
  expect(proxy.counts.newOrder).toBe(0);
});
