import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SolverSettings } from '../../../src/challenges/settings.ts';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { retryProbesTakeDown } from '../../../src/issuance/answers/take-down-probes.ts';
import { beginProbe, probesUp } from '../../../src/ledger/names/probes.ts';
import { type Workspace, newWorkspace } from '../../support/workspace.ts';
import { type RunningIssuance, type TinyWorld, newTinyWorld } from '../tiny-issuance.ts';

let world: TinyWorld;
let here: Workspace;

beforeEach(async () => {
  world = await newTinyWorld();
  here = await newWorkspace();
});

afterEach(async () => {
  await world.remove();
  await here.remove();
});

/** One hook at a time, ended after a second; it gets `cleanup NAME …`. */
function byHook(script: string): SolverSettings {
  return {
    solver: 'exec',
    challenge: 'http-01',
    hook: `sh -c '${script}' hook`,
    hookDirectory: here.directory,
    hookStyle: 'lego',
    hookTimeoutSeconds: 1,
    hookConcurrency: 1,
    propagationTimeoutSeconds: 0,
    resolver: null,
    dnsRounds: 3,
    dnsQuorum: 'all',
  };
}

const hanging = 'echo $2 >> ran; sleep 20';

async function leave(left: [name: string, settings: SolverSettings][]): Promise<void> {
  const dead = await world.startIssuance();
  for (const [value, settings] of left) {
    const name = await world.ledger
      .insertInto('identifiers')
      .values({
        account_id: dead.account.id,
        type: 'dns',
        value,
        consecutive_failures: 1,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const probe = {
      settings,
      challengeType: 'http-01',
      identifier: { type: 'dns', value },
      token: 'token',
      keyAuthorization: 'token.thumbprint',
    };
    expect(await beginProbe(dead, name, probe, dead.clock.now())).not.toBeNull();
  }
  await dead.die();
}

async function retryTakeDown(
  mayTakeDown: () => boolean,
  stops: Partial<RunningIssuance['stops']> = {},
): Promise<void> {
  const run = await world.startIssuance();
  await retryProbesTakeDown({
    writer: run,
    solverFor: (settings) => createSolver(settings, run),
    stops: { ...run.stops, ...stops },
    log: run.log,
    mayTakeDown,
  });
  await run.die();
}

const ran = async (): Promise<string[]> =>
  (await readFile(here.file('ran'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');

const up = async (): Promise<[string, boolean][]> =>
  (await probesUp(world.ledger)).map(({ identifier, error }) => [identifier, error !== null]);

describe('what the probes of a dead run left up', () => {
  it('takes no longer than one hook that hangs, when the time is over; the rest is for the next run and has not failed', async () => {
    const well = byHook('true');
    const hangs = byHook(hanging);
    await leave([
      ['a.test', hangs],
      ['b.test', hangs],
      ['c.test', hangs],
      ['well.test', well],
    ]);
    const endsAt = performance.now() + 900;
    const inTime = (): boolean => performance.now() < endsAt;
    await retryTakeDown(inTime);
    expect(await ran()).toEqual(['a.test']);
    expect(await up()).toEqual([
      ['a.test', true],
      ['b.test', false],
      ['c.test', false],
    ]);

    // The next begins with another.
    let turns = 0;
    await retryTakeDown(() => (turns += 1) <= 2);
    expect(await ran()).toEqual(['a.test', 'b.test']);
  });

  it('is left alone when the work is to stop', async () => {
    await leave([['a.test', byHook(hanging)]]);
    await retryTakeDown(() => true, { work: AbortSignal.abort() });
    expect(await ran()).toEqual([]);
    expect(await up()).toEqual([['a.test', false]]);
  });

  it('has not failed when the program ends before its hook does', async () => {
    await leave([['a.test', { ...byHook(hanging), hookTimeoutSeconds: 60 } as SolverSettings]]);
    const grace = new AbortController();
    const takenDown = retryTakeDown(() => true, { grace: grace.signal });
    await vi.waitFor(async () => expect(await ran()).toEqual(['a.test']), { timeout: 30_000 });
    grace.abort();
    await takenDown;
    expect(await up()).toEqual([['a.test', false]]);
  });
});
