import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { leaveBehind } from '../support/other-clients/left-behind.ts';
import { PendingLimit } from '../support/misbehaviour/pending-limit.ts';
import type { ProgramResult } from '../support/program.ts';
import { type Customer, type LeakLab, expectExit, startLeakLab } from '../transcripts/leak/leak-lab.ts';

/*
 * 3 a.m., and the account says "too many currently pending authorizations": lego was killed in the middle of its orders, night after night.
 * Each command is typed as the one before it prints it; only the log's path is put in.
 */

let lab: LeakLab;

beforeAll(async () => {
  // lego doesn't try again after a nonce that was rejected.
  lab = await startLeakLab({ PEBBLE_WFE_NONCEREJECT: '0' });
});

afterAll(() => lab.stop());

/** The words of a command that a run has printed, behind the program's name. */
function commandIn({ stdout, stderr }: ProgramResult, pattern: RegExp): string[] {
  const found = pattern.exec(`${stdout}\n${stderr}`)?.[1];
  if (found === undefined) throw new Error(`no ${String(pattern)} in: ${stdout}\n${stderr}`);
  return found.split(' ');
}

/** The log as it is two hours later: nobody works on what it names any more. */
async function aged(logFile: string): Promise<void> {
  const text = await readFile(logFile, 'utf8');
  const older = text.replace(/^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d)/gm, (_, ...parts: string[]) => {
    const [year, month, day, hour, minute, second] = parts.slice(0, 6).map(Number);
    const at = new Date(year ?? 0, (month ?? 1) - 1, day, (hour ?? 0) - 2, minute, second);
    const two = (number: number): string => String(number).padStart(2, '0');
    const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('/');
    return `${date} ${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`;
  });
  expect(older).not.toBe(text);
  await writeFile(logFile, older);
}

/** A customer who makes orders on lego's account, which the CA calls full. */
async function fullCustomer(): Promise<{ customer: Customer; logFile: string }> {
  const customer = await lab.newCustomer();
  const { proxy, stateDir } = customer;
  const surroundings = { proxy, caFile: lab.pebble.caFile, directory: path.dirname(stateDir) };
  const names = ['one.lego.test', 'two.lego.test', 'three.lego.test'];
  const left = await leaveBehind('lego', surroundings, ...names);
  await aged(left.logFile);
  const lego = ['--import-accounts', `lego:${left.configDirectory}`];
  expectExit(await customer.run(['account', 'import', '--use', ...lego]), 0);
  proxy.setRules([new PendingLimit({ limit: names.length, retryAfterSeconds: 3_600 })]);
  return { customer, logFile: left.logFile };
}

it('a full account: three commands, each named by the one before, from what lego left to the first certificate', async () => {
  const { customer, logFile } = await fullCustomer();
  const startedAt = performance.now();

  const refused = await customer.issue('new.test');
  expectExit(refused, 75);
  expect(refused.stderr).toContain('too many currently pending authorizations');

  const clear = commandIn(refused, /acme-ledger (authz clear --from-log LOG)/);
  const cleared = await customer.run(clear.map((word) => (word === 'LOG' ? logFile : word)));
  expectExit(cleared, 0);
  expect(cleared.stdout).toContain('3 seen, 3 deactivated');

  const renewed = await customer.run(
    commandIn(cleared, /may be asked for new orders again: acme-ledger (\w+)/),
  );
  expectExit(renewed, 0);
  expect(performance.now() - startedAt).toBeLessThan(60_000);
  const stored = path.join(customer.stateDir, 'certificates', 'new.test', 'fullchain.pem');
  expect(await readFile(stored, 'utf8')).toContain('BEGIN CERTIFICATE');
  expect(customer.proxy.census.open()).toEqual([]);
}, 180_000);
