import { chmod, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProgramResult } from '../../support/program.ts';
import { rawDatabase } from '../../support/raw-database.ts';
import { runUnprivileged } from '../../support/unprivileged.ts';
import { cleanEnvironment } from '../../support/workspace.ts';
import { type Customer, type LeakLab, expectExit, jsonLines, startLeakLab, until } from '../leak/leak-lab.ts';

interface Line {
  code: string;
  level: string;
  table: string | null;
  id: number | string | null;
  message: string;
  hint: string | null;
  outcome: string;
}

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('ledger check', { concurrent: true, timeout: 180_000 }, () => {
  it('finds nothing wrong after runs that succeeded, failed, kept their order and were killed', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('good-1.test', 'good-2.test'), 0);
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad-1.test'), 1);
    const running = customer.startIssue('hang.test');
    await until('it is presented', async () => (await customer.presented()).length > 0);
    const during = await check(customer);
    expect(during.lines).toEqual([]);
    running.kill('SIGKILL');
    await running.finished;
    const { result, lines, summary } = await check(customer);
    expectExit(result, 0);
    expect(lines).toEqual([]);
    expect(summary).toMatchObject({ errors: 0, notes: 0, mended: 0, remaining: 0, incomplete: false });
    expect(summary.rows).toBeGreaterThan(20);
    const text = await customer.run(['ledger', 'check']);
    expectExit(text, 0);
    expect(text).toMatchObject({
      stderr: '',
      stdout: expect.stringMatching(/^\S+ledger\.sqlite: \d+ rows checked, nothing is wrong\n$/) as string,
    });
    expect(customer.proxy.requests.length).toBeGreaterThan(0);
  });

  it('tells certificates that an older ledger does not know, with the command that adopts them', async () => {
    const customer = await lab.newCustomer();
    const deploy = ['--deploy-hook', `touch '${customer.stateDir}/it ran'`];
    expectExit(await customer.issue('known.test', ...deploy), 0);
    const ledger = path.join(customer.stateDir, 'ledger.sqlite');
    const copy = rawDatabase(ledger);
    copy.prepare('vacuum into ?').run(`${ledger}.copy`);
    copy.close();
    expectExit(await customer.issue('later.test', 'www.later.test', '--cert-name', 'later', ...deploy), 0);
    await rename(`${ledger}.copy`, ledger);
    const asked = customer.proxy.requests.length;
    const { result, lines } = await check(customer);
    expectExit(result, 1);
    const unknown = lines.filter(({ code }) => code === 'certificate-files-unknown');
    expect(unknown).toHaveLength(1);
    expect(unknown[0]).toMatchObject({
      message: expect.stringContaining(
        'the certificate later (later.test www.later.test) is on disk',
      ) as string,
      hint: expect.stringMatching(/^as known\.test has it; make it known again: cd /) as string,
    });
    const command = (unknown[0]?.hint ?? '').replace(/^.*? again: /, '');
    const pasted = await pasteInto('/', command);
    expect(pasted).toMatch(/^later: added, with what is stored, valid until 20/);
    expect((await check(customer)).lines.filter(({ code }) => code === 'certificate-files-unknown')).toEqual(
      [],
    );
    expectExit(await customer.run(['renew']), 0);
    expect(jsonLines(await customer.run(['cert', 'list', '--json']))).toHaveLength(2);
    expect(customer.proxy.requests.length).toBe(asked);
  });

  it('mends what is safe, tells the rest with what to do, and says the same no second time', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad.test'), 1);
    change(customer, `update orders set kept_until = '2999-01-01T00:00:00.000Z'`);
    change(customer, `update accounts set status = 'unregistered'`);
    const asked = customer.proxy.requests.length;
    const dry = await check(customer, '--dry-run');
    expectExit(dry.result, 1);
    expect(outcomes(dry.lines)).toEqual([
      'account-half-registered remains',
      'order-kept-too-long would-mend',
    ]);
    expect(rows(customer, `select count(*) as n from events where kind = 'mended'`)).toEqual([{ n: 0 }]);

    const text = await customer.run(['ledger', 'check']);
    expectExit(text, 1);
    expect(text.stdout).toMatch(/^remains {2}account-half-registered: .+\n {2}acme-ledger account register /);
    expect(text.stdout).toMatch(/^mended {2}order-kept-too-long: order 1 .+\n/m);
    expect(text.stdout).toMatch(/, 2 wrong: 1 mended, 1 left\n$/);
    expect(rows(customer, `select order_id, data from events where kind = 'mended'`)).toMatchObject([
      { order_id: 1 },
    ]);
    const again = await check(customer);
    expectExit(again.result, 1);
    expect(outcomes(again.lines)).toEqual(['account-half-registered remains']);
    expect(customer.proxy.requests).toHaveLength(asked);
  });

  it('reads a ledger that it can not write, and says that nothing is mended', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad.test'), 1);
    change(customer, `update orders set kept_until = '2999-01-01T00:00:00.000Z'`);
    const file = ledgerOf(customer);
    const before = await readFile(file);
    await chmod(file, 0o400);
    await chmod(customer.stateDir, 0o500);
    try {
      const args = ['ledger', 'check', '--state-dir', customer.stateDir];
      const readOnly = await runUnprivileged([...args, '--json']);
      expectExit(readOnly, 1);
      expect(outcomes(jsonLines<Line>(readOnly).slice(0, -1))).toEqual(['order-kept-too-long not-mended']);
      const text = await runUnprivileged(args);
      expect(text.stdout).toMatch(/1 wrong: 0 mended, 1 left \(the ledger can only be read here\)\n$/);
      expect(await readFile(file)).toEqual(before);
    } finally {
      await chmod(customer.stateDir, 0o700);
    }
  });
});

describe('a ledger that can not be checked', { concurrent: true, timeout: 180_000 }, () => {
  it('is told to be damaged in its middle (1), and is left as it is', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('--on-unsubmitted', 'resume', 'bad.test'), 1);
    const file = ledgerOf(customer);
    const content = await readFile(file);
    const pageSize = content.readUInt16BE(16);
    const [root] = rows(customer, `select rootpage from sqlite_master where name = 'authorizations'`);
    content.fill(
      0xa5,
      ((root as { rootpage: number }).rootpage - 1) * pageSize,
      (root as { rootpage: number }).rootpage * pageSize,
    );
    await writeFile(file, content);
    const { result, lines, summary } = await check(customer);
    expectExit(result, 1);
    expect(new Set(lines.map(({ code, outcome }) => `${code} ${outcome}`))).toEqual(
      new Set(['damaged remains']),
    );
    expect(lines[0]?.hint).toMatch(/put back a backup/);
    expect(summary).toMatchObject({ rows: 0, incomplete: true, mended: 0 });
    expect((await readFile(file)).equals(content)).toBe(true);
  });

  it.each([
    ['cut off', async (file: string) => truncate(file, (await stat(file)).size - 1), /is cut off/],
    ['no database', async (file: string) => writeFile(file, 'notes '.repeat(1_000)), /not a SQLite database/],
    ['empty', async (file: string) => truncate(file, 0), /not a SQLite database/],
    ['not there', async (file: string) => rm(file), /there is no ledger/],
  ])('is refused when it is %s (2)', async (_title, harm, error) => {
    const customer = await lab.newCustomer();
    expectExit(await customer.run(['account', 'register', '--agree-tos']), 0);
    await harm(ledgerOf(customer));
    const { exitCode, stdout, stderr } = await customer.run(['ledger', 'check', '--json']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(error);
    expect(stderr).toMatch(/^error: .+\nhint: .+\n$/);
  });
});

async function check(
  customer: Customer,
  ...args: string[]
): Promise<{
  result: ProgramResult;
  lines: Line[];
  summary: Record<string, number | boolean> & { rows: number };
}> {
  const result = await customer.run(['ledger', 'check', '--json', ...args]);
  const lines = jsonLines<Line>(result);
  const last = lines.pop() as unknown as { summary: Record<string, number | boolean> & { rows: number } };
  return { result, lines, summary: last.summary };
}

function outcomes(lines: readonly Line[]): string[] {
  return lines.map(({ code, outcome }) => `${code} ${outcome}`);
}

function ledgerOf({ stateDir }: Customer): string {
  return path.join(stateDir, 'ledger.sqlite');
}

function change(customer: Customer, sql: string): void {
  const database = rawDatabase(ledgerOf(customer));
  database.exec(sql);
  database.close();
}

function rows(customer: Customer, sql: string): unknown[] {
  const database = rawDatabase(ledgerOf(customer), { readonly: true });
  const found = database.prepare(sql).all();
  database.close();
  return found;
}

/** What a shell prints that gets a command pasted, where acme-ledger is the built program. */
async function pasteInto(directory: string, command: string): Promise<string> {
  const bin = fileURLToPath(new URL('../../../bin', import.meta.url));
  const env = cleanEnvironment({ PATH: `${bin}:${process.env['PATH'] ?? ''}` });
  return (await promisify(execFile)('sh', ['-c', command], { cwd: directory, env })).stdout;
}
