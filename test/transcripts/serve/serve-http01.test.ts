import { rename } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Installation, newInstallation } from '../../support/installation.ts';
import { type PebbleLab, startPebble } from '../../support/pebble.ts';
import { type RunningProgram, runProgram, startProgram } from '../../support/program.ts';

let lab: PebbleLab;
let here: Installation;
let server: RunningProgram;

beforeAll(async () => {
  lab = await startPebble();
  here = await newInstallation(lab);
  server = startProgram([
    ...['serve', 'http01', '--listen', `127.0.0.1:${String(lab.httpPort)}`, '--state-dir', here.stateDir],
  ]);
  await server.waitFor(`answering http-01 at 127.0.0.1:${String(lab.httpPort)}`);
});

afterAll(async () => {
  server.kill('SIGTERM');
  await server.finished;
  await here.remove();
  await lab.stop();
});

async function statusOf(token: string): Promise<number> {
  const url = `http://127.0.0.1:${String(lab.httpPort)}/.well-known/acme-challenge/${token}`;
  return (await fetch(url)).status;
}

it('answers what other processes present, from a ledger that came later, and ends with a signal', async () => {
  const names = ['one.test', 'two.test', 'three.test'];
  const result = await here.run(['issue', ...names, '--solver', 'served']);
  expect(result).toMatchObject({ exitCode: 0, stderr: '' });
  const [shown] = here.rows<{ settings: string }>('select settings from presentations limit 1');
  expect(JSON.parse(shown!.settings)).toEqual({ solver: 'served', challenge: 'http-01' });
  for (const { token } of here.rows<{ token: string }>('select token from presentations'))
    await expect.poll(() => statusOf(token)).toBe(404);

  // A ledger that is away for a while, and a token that is presented when it is back.
  const ledger = path.join(here.stateDir, 'ledger.sqlite');
  await rename(ledger, `${ledger}.away`);
  expect(await statusOf('nosuch')).toBe(404);
  await server.waitFor("warning: the ledger can't be read");
  await rename(`${ledger}.away`, ledger);
  await server.waitFor('warning: the ledger can be read again');
  expect(await here.run(['issue', 'four.test', '--solver', 'served'])).toMatchObject({ exitCode: 0 });

  server.kill('SIGTERM');
  const { exitCode, stdout } = await server.finished;
  expect(exitCode).toBe(143);
  expect(stdout).toMatch(/^\d+ answers given, \d+ requests for something else\n$/);
  const [run] = here.rows<{ counts: string; exit_code: number }>(
    `select counts, exit_code from runs where command = 'serve http01'`,
  );
  expect(run).toMatchObject({ exit_code: 143 });
  // Pebble looks several times.
  const { answered } = JSON.parse(run!.counts) as { answered: number };
  expect(answered).toBeGreaterThanOrEqual(4);
  expect(stdout).toContain(`${String(answered)} answers given`);
});

it('needs an address that it can listen at', async () => {
  for (const [listen, fault] of [
    [[], 'error: serve http01 needs --listen [ADDR:]PORT\nhint: as in 127.0.0.1:8402'],
    [['--listen', 'nowhere'], 'error: --listen "nowhere" isn\'t [ADDR:]PORT\nhint: '],
  ] as const) {
    const result = await runProgram(['serve', 'http01', ...listen, '--state-dir', here.stateDir]);
    expect(result).toMatchObject({ exitCode: 2, stdout: '' });
    expect(result.stderr).toContain(fault);
  }
});
