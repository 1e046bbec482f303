import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { insertAccount, recordRegistered } from '../../../src/ledger/accounts.ts';
import { recordSeen } from '../../../src/ledger/authorizations/authorizations.ts';
import { recordWanted } from '../../../src/ledger/certificates/certificates.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-sqlite.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { recordOrderAnswer } from '../../../src/ledger/orders/orders.ts';
import { insertIntent } from '../../../src/ledger/orders/intents.ts';
import { startRun } from '../../../src/issuance/ownership/lease.ts';
import { runProgram } from '../../support/program.ts';
import { type Workspace, cleanEnvironment, newWorkspace } from '../../support/workspace.ts';
import { controlCharacter } from '../bad-input/bad-input-stage.ts';
import type { ErrorRecord } from '../../../src/errors.ts';
import { sql } from 'kysely';

/** Colours, a cursor, a title, an 8-bit CSI, a forged line, a turned direction of reading. */
const hostile = 'evil\u001b[31m\u001b]0;x\u0007\u009b2J\r\nerror: forged\u202e\u007f';
const authorizations = 300;

let workspace: Workspace;
let ledger: Ledger;

beforeAll(async () => {
  workspace = await newWorkspace();
  ledger = await openSqliteLedger(path.join(workspace.stateDir, 'ledger.sqlite'));
  await fill();
});

afterAll(async () => {
  await ledger.destroy();
  await workspace.remove();
});

describe.concurrent('text from a CA is never printed raw', () => {
  const commands = [
    ['account', 'list'],
    ['account', 'show', '1'],
    ['authz', 'list'],
    ['authz', 'show', '1'],
    ['order', 'list'],
    ['order', 'show', '1'],
    ['cert', 'list'],
    ['cert', 'show', 'a.test'],
    ['status'],
    ['renew', '--dry-run'],
  ];

  it.each(commands.map((command) => [command.join(' '), command] as const))(
    'by %s',
    async (_title, command) => {
      const result = await run(command);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).not.toMatch(controlCharacter);
      expect(result.stdout).not.toMatch(/^error: forged/m);
    },
  );

  it.each(commands.map((command) => [command.join(' '), command] as const))(
    'by %s --json, and JSON gives it back as it was',
    async (_title, command) => {
      const result = await run([...command, '--json']);
      expect(result).toMatchObject({ exitCode: 0, stderr: '' });
      expect(result.stdout).not.toMatch(controlCharacter);
      for (const line of result.stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toBeTypeOf('object');
    },
  );

  it('and shown where it is what the person asked for', async () => {
    const text = await run(['authz', 'show', '1']);
    expect(text.stdout).toContain('evil\\x1b[31m');
    const json = await run(['authz', 'show', '1', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ identifier: hostile, error: { message: hostile } });
  });
});

it('a reader that goes away ends the output, without a word', async () => {
  const program = fileURLToPath(new URL('../../../bin/acme-ledger', import.meta.url));
  const child = spawn(
    process.execPath,
    [program, 'authz', 'list', '--json', '--state-dir', workspace.stateDir],
    {
      env: cleanEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  // As `head` does: closed before the first line is written.
  child.stdout.destroy();
  const [exitCode] = (await once(child, 'close')) as [number | null];
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
});

it('a bug ends with 70, says so in a line and asks for a report with what it needs', async () => {
  const broken = await newWorkspace();
  const other = await openSqliteLedger(path.join(broken.stateDir, 'ledger.sqlite'));
  await writeCertificate(other, null);
  // Nobody but the program writes a ledger: names that are no text are a bug of it.
  await sql`update certificates set names = ${JSON.stringify([7, hostile])}`.execute(other);
  await other.destroy();
  const change = ['cert', 'set', 'a.test', '--key-type', 'rsa2048'];
  const result = await runProgram([...change, '--state-dir', broken.stateDir]);
  await broken.remove();
  expect(result).toMatchObject({ exitCode: 70, stdout: '' });
  const [error, hint, ...stack] = result.stderr.trimEnd().split('\n');
  expect(error).toMatch(/^error: /);
  expect(hint).toMatch(/^hint: this is a bug in acme-ledger: please report it/);
  expect(stack.join('\n')).toMatch(/TypeError: [\s\S]* at /);
  expect(result.stderr).not.toMatch(controlCharacter);
});

function run(command: readonly string[]) {
  return runProgram([...command, '--state-dir', workspace.stateDir]);
}

/** An account, an order, its authorizations and a certificate, with hostile text wherever a CA, a hook or a person may have put some. */
async function fill(): Promise<void> {
  const writer = { ledger, runId: (await startRun(ledger, systemClock, 'test')).id, clock: systemClock };
  const ca = 'https://127.0.0.1:9/dir';
  const account = await insertAccount(writer, {
    ca,
    keyFile: hostile,
    keyThumbprint: hostile,
    email: hostile,
  });
  await recordRegistered(writer, account.id, {
    url: `https://127.0.0.1:9/${hostile}`,
    status: hostile,
    email: hostile,
  });
  const names = Array.from({ length: authorizations }, (_, index) => `${hostile}${index}`);
  const order = await insertIntent(writer, {
    accountId: account.id,
    certificateName: hostile,
    names,
    namesKey: names.join(' '),
    profile: hostile,
    replaces: null,
    reservedUntil: new Date(),
  });
  const urls = names.map((name) => `https://127.0.0.1:9/authz/${name}`);
  await recordOrderAnswer(writer, order, {
    url: `https://127.0.0.1:9/order/${hostile}`,
    status: 'pending',
    expiresAt: null,
    finalizeUrl: hostile,
    certificateUrl: null,
    authorizationUrls: urls,
  });
  const identifier = { type: 'dns', value: hostile, wildcard: false };
  await recordSeen(
    writer,
    urls.map((url) => ({ url, status: 'invalid', identifier, expiresAt: null, error: hostileError })),
  );
  await ledger.updateTable('orders').set({ error: hostileError }).execute();
  await ledger
    .updateTable('authorizations')
    .set({ challenge_type: hostile, challenge_url: hostile })
    .execute();
  await sql`update events set data = ${JSON.stringify({ said: hostile })}`.execute(ledger);
  await writeCertificate(ledger, account.id);
}

const hostileError: ErrorRecord = {
  code: 'authorization-invalid',
  message: hostile,
  hint: hostile,
  problem: { type: hostile, detail: hostile, status: 403, subproblems: [] },
  retryAt: null,
};

async function writeCertificate(into: Ledger, accountId: number | null): Promise<void> {
  const wanted = {
    name: 'a.test',
    ca: 'https://127.0.0.1:9/dir',
    names: [hostile],
    keyType: 'ec256',
    reuseKey: false,
    profile: hostile,
    preferredChain: hostile,
    settings: { solver: 'webroot', webroot: hostile },
    csr: null,
    deployHook: hostile,
  };
  await recordWanted({ ledger: into, runId: 'test', clock: systemClock }, wanted, accountId);
  await into.updateTable('certificates').set({ serial: hostile, last_error: hostileError }).execute();
}
