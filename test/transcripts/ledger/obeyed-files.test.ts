import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  expectRefused,
  expectTwoLines,
  keepAccount,
  type Stage,
  withStage,
} from '../bad-input/bad-input-stage.ts';

const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

/** A program that leaves a trace when it is run. */
async function newHook(stage: Stage, mode = 0o755): Promise<{ hook: string; trace: string }> {
  const [hook, trace] = [stage.file('hook.sh'), stage.file('ran')];
  await writeFile(hook, `#!/bin/sh\ntouch ${trace}\n`);
  await chmod(hook, mode);
  return { hook, trace };
}

describe.concurrent('what somebody else may change is not obeyed', () => {
  it.each([
    [
      'a configuration',
      'c.yaml',
      ['--config', 'c.yaml'],
      0o664,
      /configuration file .*c\.yaml may be changed/,
    ],
    ['a CA file', 'ca.pem', ['--ca-file', 'ca.pem'], 0o646, /CA file .*ca\.pem may be changed by everybody/],
    ['a CSR without names', 'r.csr', ['--csr', 'r.csr'], 0o664, /CSR .*r\.csr may be changed by its group/],
  ])('%s', async (_title, name, options, mode, error) => {
    await withStage(async (stage) => {
      await writeFile(stage.file(name), '');
      await chmod(stage.file(name), mode);
      const names = options.includes('--csr') ? [] : ['a.example'];
      const refusal = { error, hint: new RegExp(`chmod go-w .*${name}`) };
      await expectRefused(stage, [...issue(stage, names), ...options], refusal);
    });
  });

  it('a configuration in a directory of the group’s', async () => {
    await withStage(async (stage) => {
      await mkdir(stage.file('etc'));
      await writeFile(stage.file('etc/c.yaml'), 'json: yes\n');
      await chmod(stage.file('etc'), 0o775);
      const refusal = { error: /is in .*etc, which may be changed by its group/, hint: /^hint: chmod go-w / };
      await expectRefused(stage, [...issue(stage), '--config', 'etc/c.yaml'], refusal);
    });
  });

  it('a hook, whichever it is', async () => {
    await withStage(async (stage) => {
      const { hook, trace } = await newHook(stage, 0o777);
      const hint = /chmod go-w .*hook\.sh/;
      const dns = ['issue', 'a.example', '--hook', hook, '--ca', stage.ca, '--state-dir', stage.stateDir];
      await expectRefused(stage, dns, { error: /--hook: .*may be changed by everybody/, hint });
      const deploy = [...issue(stage), '--deploy-hook', `sh ${hook}`];
      await expectRefused(stage, deploy, { error: /--deploy-hook: .*may be changed by everybody/, hint });
      const told = [...issue(stage), '--name-hook', hook];
      await expectRefused(stage, told, { error: /--name-hook names .*may be changed by everybody/, hint });
      const finish = ['renew', '--on-finish', hook, '--state-dir', stage.stateDir];
      await expectRefused(stage, finish, { error: /--on-finish: .*may be changed by everybody/, hint });
      expect(await readdir(stage.directory)).not.toContain(path.basename(trace));
    });
  });

  it('an account key, and a list of certificates; on stdin the list is taken', async () => {
    await withStage(async (stage) => {
      await writeFile(stage.file('account.key'), '');
      await chmod(stage.file('account.key'), 0o620);
      const key = ['account', 'import', 'account.key', '--ca', stage.ca, '--state-dir', stage.stateDir];
      await expectRefused(stage, key, {
        error: /account key .*may be changed by its group/,
        hint: /chmod go-w/,
      });
      const rows = `{"names":["a.example"],"webroot":"${stage.webroot}"}\n`;
      await writeFile(stage.file('rows'), rows);
      await chmod(stage.file('rows'), 0o666);
      const list = ['cert', 'import', 'rows', '--state-dir', stage.stateDir];
      await expectRefused(stage, list, {
        error: /the list rows may be changed by everybody/,
        hint: /stdin: -$/,
      });
      const given = await stage.run(['cert', 'import', '-', '--state-dir', stage.stateDir], { input: rows });
      expect(given).toMatchObject({ exitCode: 0, stderr: '' });
    });
  });
});

// What root is kept from can be seen as root alone; CI is root.
describe.skipIf(!isRoot)('root', () => {
  it('reads no configuration of the current directory unless --config says so', async () => {
    await withStage(async (stage) => {
      await writeFile(stage.file('acme-ledger.yaml'), 'nosuchoption: 1\n');
      await chown(stage.file('acme-ledger.yaml'), nobody, nobody);
      const status = ['status', '--state-dir', stage.stateDir];
      expect(await stage.run(status)).toMatchObject({ exitCode: 0, stderr: '' });
      const asked = await stage.run([...status, '--config', 'acme-ledger.yaml']);
      expectTwoLines(asked, { error: /acme-ledger\.yaml belongs to user 65534/, hint: /chown root/ });
      await chown(stage.file('acme-ledger.yaml'), 0, 0);
      const passedOver = await stage.run(status);
      expect(passedOver.exitCode).toBe(0);
      expect(passedOver.stderr).toMatch(/root doesn't read .*acme-ledger\.yaml by itself\nhint: --config /);
      const read = await stage.run([...status, '--config', 'acme-ledger.yaml']);
      expectTwoLines(read, { error: /:1:1: there is no option "nosuchoption"/, hint: /./ });
    });
  });

  it('does nothing in another user’s state directory unless --as-other-user says so', async () => {
    await withStage(async (stage) => {
      await keepAccount(stage);
      await chown(stage.file('state/ledger.sqlite'), nobody, nobody);
      await chown(stage.stateDir, nobody, nobody);
      const { hook } = await newHook(stage);
      await chown(hook, nobody, nobody);
      const refusal = {
        error: /state belongs to user 65534, whose hooks/,
        hint: /sudo -u '#65534'.*--as-other-user/,
      };
      for (const command of [issue(stage), ['renew', '--state-dir', stage.stateDir], at(stage, 'status')])
        await expectRefused(stage, command, refusal);
      expect(await stage.run(at(stage, '--as-other-user', 'status'))).toMatchObject({
        exitCode: 0,
        stderr: '',
      });
      const add = at(stage, '--as-other-user', 'cert', 'add', 'a.example', '--hook', hook);
      expect(await stage.run(add)).toMatchObject({ exitCode: 0, stderr: '' });
      await chown(hook, nobody - 1, nobody - 1);
      expect((await stage.run(add)).stderr).toMatch(/--hook: .*belongs to user 65533/);
    });
  });
});

it('-v says which configuration was read', async () => {
  await withStage(async (stage) => {
    await writeFile(stage.file('c.yaml'), 'ca: letsencrypt\n');
    const run = await stage.run(at(stage, '-v', '--config', 'c.yaml', 'status'));
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toMatch(/the configuration file was read.*c\.yaml/);
  });
});

function at(stage: Stage, ...args: string[]): string[] {
  return [...args, '--state-dir', stage.stateDir];
}

function issue(stage: Stage, names = ['a.example']): string[] {
  return at(stage, 'issue', ...names, '--webroot', 'webroot', '--ca', stage.ca);
}
