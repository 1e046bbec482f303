import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { isAlive, startRun } from '../../../src/issuance/ownership/lease.ts';
import { openSqliteLedger } from '../../../src/ledger/sqlite/open-sqlite.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';
import { runsById } from '../../../src/ledger/runs.ts';
import type { RunRow } from '../../../src/ledger/schema.ts';
import { type Workspace, newWorkspace } from '../../support/workspace.ts';

let workspace: Workspace;
let ledger: Ledger;
let own: RunRow;

const now = new Date();
const inAnHour = new Date(now.getTime() + 3_600_000);
const inAMinute = new Date(now.getTime() + 60_000);
const anHourAgo = new Date(now.getTime() - 3_600_000);

beforeAll(async () => {
  workspace = await newWorkspace();
  ledger = await openSqliteLedger(workspace.file('ledger.sqlite'));
  const run = await startRun(ledger, systemClock, 'issue');
  own = (await rowOf(run.id))!;
  await run.end();
});

afterAll(async () => {
  await ledger.destroy();
  await workspace.remove();
});

async function rowOf(id: string): Promise<RunRow | undefined> {
  return (await runsById(ledger, [id])).get(id);
}

describe('a run', () => {
  it('is alive from its start to its end', async () => {
    const run = await startRun(ledger, systemClock, 'renew');
    expect(await rowOf(run.id)).toMatchObject({ command: 'renew', pid: process.pid, ended_at: null });
    expect(isAlive(await rowOf(run.id), now)).toBe(true);
    await run.end();
    expect(isAlive(await rowOf(run.id), now)).toBe(false);
  });

  it('that nobody knows is dead', () => {
    expect(isAlive(undefined, now)).toBe(false);
  });

  it('on this host lives as long as its process, whatever its lease says', () => {
    expect(isAlive({ ...own, lease_until: anHourAgo }, now)).toBe(true);
    expect(isAlive({ ...own, ended_at: anHourAgo }, now)).toBe(false);
  });

  it('whose process has ended is dead at once, though its lease is not over', async () => {
    const child = spawn('/bin/true');
    await once(child, 'exit');
    expect(isAlive({ ...own, pid: child.pid ?? 0, lease_until: inAnHour }, now)).toBe(false);
  });

  it('whose number another process has now is dead', () => {
    expect(isAlive({ ...own, process_start: '1', lease_until: inAnHour }, now)).toBe(false);
  });

  it('of which only a zombie is left is dead', async () => {
    // The shell becomes a sleep, which doesn't ask what became of the child.
    const parent = spawn('/bin/sh', ['-c', 'sh -c "echo \\$\\$" & exec sleep 20'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(parent.stdout.setEncoding('utf8'), 'data')) as [string];
    const statNow = (): Promise<string> => readFile(`/proc/${line.trim()}/stat`, 'utf8');
    await expect.poll(statNow, { timeout: 20_000 }).toMatch(/\) Z /);
    const stat = await statNow();
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
    expect(isAlive({ ...own, pid: Number(line), process_start: start }, now)).toBe(false);
    parent.kill('SIGKILL');
  });

  it.for([
    ['another host', { host: 'another.test' }],
    ['another boot of this host', { process_space: 'another' }],
    ['a system that does not tell', { process_space: '' }],
  ] as const)('on %s lives as long as its lease', ([, where]) => {
    expect(isAlive({ ...own, ...where, pid: 1, lease_until: inAMinute }, now)).toBe(true);
    expect(isAlive({ ...own, ...where, pid: 1, lease_until: anHourAgo }, now)).toBe(false);
  });

  it('that was killed before the machine started anew with its clock set back is dead, not alive for an hour', () => {
    const boot = { process_space: 'another-boot pid:[1]', pid: 1 };
    expect(isAlive({ ...own, ...boot, lease_until: inAnHour }, now)).toBe(false);
    const container = { process_space: own.process_space.replace(/ .*/, ' pid:[1]'), pid: 1 };
    expect(isAlive({ ...own, ...container, lease_until: inAnHour }, now)).toBe(true);
  });

  it('renews its lease by the clock that other hosts compare it with', async () => {
    const clock = { ...systemClock, now: () => anHourAgo, wallNow: () => now };
    const run = await startRun(ledger, clock, 'renew');
    expect(await rowOf(run.id)).toMatchObject({ started_at: anHourAgo });
    expect((await rowOf(run.id))!.lease_until > now).toBe(true);
    await run.end();
  });
});

it('a lease is asked for anew after the machine was suspended, which the clock that only counts does not show', async () => {
  let wallMs = Date.now();
  const clock = { ...systemClock, now: () => now, wallNow: () => new Date(wallMs) };
  const run = await startRun(ledger, clock, 'issue');
  const leaseOf = async () => (await runsById(ledger, [run.id])).get(run.id)?.lease_until;
  const before = await leaseOf();
  await run.assertLease();
  expect(await leaseOf()).toEqual(before);
  wallMs += 3_600_000;
  await run.assertLease();
  expect(await leaseOf()).not.toEqual(before);
  await run.end();
});
