import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type Refusal,
  type Stage,
  expectRefused,
  expectTwoLines,
  keepAccount,
  newKey,
  makeReadOnlyDirectory,
  runUnprivileged,
  withStage,
} from './bad-input-stage.ts';

describe.concurrent('a configuration file is refused', () => {
  const files: [title: string, text: string | Buffer, refusal: Refusal][] = [
    [
      'with broken YAML',
      'ca: letsencrypt\nemail: [a, b\n',
      { error: /acme-ledger\.yaml:3:1: /, hint: /indent/ },
    ],
    ['with a tab', 'ca:\n\t- x\n', { error: /acme-ledger\.yaml:2:1: .*[Tt]abs?/, hint: /not tabs/ }],
    ['with the same key twice', 'ca: x\nca: y\n', { error: /acme-ledger\.yaml:2:1: .*unique/, hint: /./ }],
    [
      'that is a list',
      '- ca\n',
      { error: /acme-ledger\.yaml:1:1: this isn't a mapping/, hint: /ca: letsencrypt/ },
    ],
    [
      'with an unknown key',
      'ca: x\n\nmaxpendings: 3\n',
      { error: /:3:1: there is no option "maxpendings"/, hint: /did you mean maxPending\?/ },
    ],
    [
      'with a key like no other',
      'zzz: 3\n',
      { error: /:1:1: there is no option "zzz"/, hint: /the options are stateDir,/ },
    ],
    [
      'with a key that has an escape',
      '"a\\e[31m": 3\n',
      { error: 'no option "a\\x1b[31m"', hint: /options are/ },
    ],
    [
      'with a word for a number',
      '# comment\nmaxPending: many\n',
      { error: /:2:13: maxPending must be a whole number from 1 on, not "many"/, hint: /250/ },
    ],
    [
      'with a list for a word',
      'email:\n  - a@b.example\n',
      { error: /:2:3: email must be one e-mail/, hint: /@/ },
    ],
    [
      'with a number for a word',
      'onUnsubmitted: 1\n',
      { error: /:1:16: onUnsubmitted must be/, hint: /deactivate/ },
    ],
    ['with a CA that is not there', 'ca: nosuch\n', { error: /"nosuch" isn't a CA/, hint: /letsencrypt/ }],
    [
      'that is not UTF-8',
      Buffer.from([0x63, 0x61, 0x3a, 0x20, 0xff]),
      { error: /isn't UTF-8/, hint: /UTF-8/ },
    ],
  ];

  it.each(files)('%s', async (_title, text, refusal) => {
    await withStage(async (stage) => {
      await writeFile(stage.file('acme-ledger.yaml'), text);
      const args = ['issue', 'a.example', '--webroot', 'webroot', '--state-dir', stage.stateDir];
      // Root doesn't look for it in the current directory.
      await expectRefused(stage, ['--config', 'acme-ledger.yaml', ...args], refusal);
    });
  });

  it('that is asked for and not there', async () => {
    await withStage(async (stage) => {
      const refusal = { error: /configuration file .*other\.yaml doesn't exist/, hint: /path/ };
      await expectRefused(stage, ['--config', 'other.yaml', ...issue(stage)], refusal);
    });
  });
});

describe.concurrent('a state directory is refused', () => {
  it('that is a file', async () => {
    await withStage(async (stage) => {
      await writeFile(stage.stateDir, '');
      await expectRefused(stage, issue(stage), { error: /state isn't a directory/, hint: /--state-dir/ });
    });
  });

  it('that is below a file', async () => {
    await withStage(async (stage) => {
      await writeFile(stage.file('a-file'), '');
      const args = issue(stage, 'a-file/below');
      await expectRefused(stage, args, { error: /a-file isn't a directory/, hint: /--state-dir/ });
      const list = ['authz', 'list', '--state-dir', 'a-file/below'];
      await expectRefused(stage, list, { error: /a-file isn't a directory/, hint: /--state-dir/ });
    });
  });

  it('that others may write to', async () => {
    await withStage(async (stage) => {
      await mkdir(stage.stateDir);
      await chmod(stage.stateDir, 0o777);
      await expectRefused(stage, issue(stage), { error: /other users may write to it/, hint: /chmod 700/ });
    });
  });

  it.each([
    ['that the user may not write to', 'state'],
    ['that the user may not make', 'state/below/and/below'],
  ])('%s', async (_title, stateDir) => {
    await withStage(async (stage) => {
      await makeReadOnlyDirectory(stage.stateDir);
      const result = await runUnprivileged(stage, issue(stage, stateDir));
      expectTwoLines(result, { error: /state directory .*EACCES/, hint: /--state-dir/ });
      expect(result.exitCode).toBe(2);
      expect(stage.connections()).toBe(0);
      expect((await stage.listing()).filter((line) => line.startsWith('state'))).toEqual(['state 555']);
    });
  });
});

describe.concurrent('a key file is refused', () => {
  it.each([0o644, 0o640, 0o604, 0o660])('with the account key of mode %o', async (mode) => {
    await withStage(async (stage) => {
      await keepAccount(stage, mode);
      const refusal = { error: /account key .* can be read by others \(mode 6\d\d\)/, hint: /chmod 600/ };
      await expectRefused(stage, issue(stage), refusal);
      await expectRefused(stage, ['authz', 'clear', ...at(stage)], refusal);
    });
  });

  it('with an account key that is none', async () => {
    await withStage(async (stage) => {
      await keepAccount(stage, 0o600, 'hello');
      await expectRefused(stage, issue(stage), { error: /key\.pem: /, hint: /./ });
    });
  });

  it('that the ledger knows and that is not there any more', async () => {
    await withStage(async (stage) => {
      await keepAccount(stage, 0o600, null);
      await expectRefused(stage, issue(stage), { error: /account key .* can't be read/, hint: /path/ });
    });
  });

  it('left from before the ledger, readable by others', async () => {
    await withStage(async (stage) => {
      const accounts = path.join(stage.stateDir, 'accounts');
      await mkdir(accounts, { recursive: true });
      const name = `${new URL(stage.ca).host.replace(':', '_')}_dir.pem`;
      await writeFile(path.join(accounts, name), newKey(), { mode: 0o644 });
      const refusal = { error: /can be read by others \(mode 644\)/, hint: /chmod 600/ };
      await expectRefused(stage, issue(stage), refusal);
    });
  });

  const bindings: [title: string, content: string, mode: number, refusal: Refusal][] = [
    [
      'with an EAB key that others may read',
      'c2VjcmV0LXNlY3JldC1zZWNyZXQ',
      0o644,
      { error: /EAB key file .* is open to other users \(mode 0644\)/, hint: /chmod 600/ },
    ],
    [
      'with an EAB key that the group may read',
      'c2VjcmV0LXNlY3JldC1zZWNyZXQ',
      0o640,
      { error: /\(mode 0640\)/, hint: /chmod 600/ },
    ],
    [
      'with an EAB key that is none',
      'not base64url at all!',
      0o600,
      { error: /doesn't hold a base64url key/, hint: /as the CA shows it/ },
    ],
    ['with an empty EAB key', '', 0o600, { error: /is empty/, hint: /./ }],
  ];

  it.each(bindings)('%s', async (_title, content, mode, refusal) => {
    await withStage(async (stage) => {
      await writeFile(stage.file('eab.key'), content);
      await chmod(stage.file('eab.key'), mode);
      const args = [...issue(stage), '--eab-kid', 'kid-1', '--eab-hmac-key-file', 'eab.key'];
      await expectRefused(stage, args, refusal);
    });
  });

  it('when the EAB key itself stands on the command line, which is not repeated', async () => {
    await withStage(async (stage) => {
      const key = 'Geheim0123456789Geheim0123456789Geheim0123456789';
      const args = [...issue(stage), '--eab-kid', 'kid-1', '--eab-hmac-key-file', key];
      const result = await stage.run(args);
      expectTwoLines(result, { error: /takes a file/, hint: /mode 600/ });
      expect(result.exitCode).toBe(2);
      expect(result.stderr).not.toContain('Geheim');
    });
  });

  it.each([
    ['with only half of an EAB', ['--eab-kid', 'kid-1'], /--eab-kid is given without the key/, /--eab-hmac/],
    ['with a CA file that is not there', ['--ca-file', 'no.pem'], /CA file .*no\.pem doesn't exist/, /path/],
    ['with a CA file without a certificate', ['--ca-file', 'a-file'], /no certificate in PEM/, /root/],
  ])('%s', async (_title, more, error, hint) => {
    await withStage(async (stage) => {
      await writeFile(stage.file('a-file'), 'hello');
      await expectRefused(stage, [...issue(stage), ...more], { error, hint });
    });
  });
});

function issue(stage: Stage, stateDir = stage.stateDir): string[] {
  return ['issue', 'a.example', '--webroot', 'webroot', '--ca', stage.ca, '--state-dir', stateDir];
}

function at(stage: Stage): string[] {
  return ['--ca', stage.ca, '--state-dir', stage.stateDir];
}
