import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ExecSettings } from '../../../src/challenges/exec/settings.ts';
import type { Solver } from '../../../src/challenges/solver.ts';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { shellWord } from '../../../src/shell-word.ts';
import { answerFor, never } from '../answers.ts';
import { DnsServer } from '../dns-server.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'exec-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

/** A hook that keeps one line `ARGUMENTS…` a call in `calls`, then does what `body` says. */
async function newSolver(body: string, more: Partial<ExecSettings> = {}): Promise<Solver> {
  const script = join(directory, 'hook.sh');
  await writeFile(script, `#!/bin/sh\necho "$*" >> calls\n${body}\n`);
  await chmod(script, 0o755);
  return createSolver(
    {
      solver: 'exec',
      challenge: 'dns-01',
      hook: './hook.sh',
      hookDirectory: directory,
      hookStyle: 'lego',
      hookTimeoutSeconds: 10,
      hookConcurrency: 1,
      propagationTimeoutSeconds: 0,
      resolver: null,
      dnsRounds: 3,
      dnsQuorum: 'all',
      ...more,
    },
    { clock: systemClock },
  );
}

async function calls(): Promise<string[]> {
  return (await readFile(join(directory, 'calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1);
}

function txtValue(keyAuthorization: string): string {
  return createHash('sha256').update(keyAuthorization).digest('base64url');
}

test('for dns-01 the hook gets the record’s name and value as lego gives them', async () => {
  const answer = answerFor('dns-01', 'example.com');
  const solver = await newSolver('');
  await solver.present(answer, never);
  await solver.waitUntilVisible(answer, never);
  await solver.cleanUp(answer, never);
  const record = `_acme-challenge.example.com. ${txtValue(answer.keyAuthorization)}`;
  expect(await calls()).toEqual([`present ${record}`, `cleanup ${record}`]);
});

test('for http-01 the hook gets name, token and key authorization', async () => {
  const answer = answerFor('http-01', 'example.com');
  const solver = await newSolver('', { challenge: 'http-01' });
  await solver.present(answer, never);
  await solver.waitUntilVisible(answer, never);
  expect(await calls()).toEqual([`present example.com ${answer.token} ${answer.keyAuthorization}`]);
  await expect(solver.present({ ...answer, token: '$(id)' }, never)).rejects.toMatchObject({
    code: 'solver',
  });
  expect(await calls()).toHaveLength(1);
});

test('a wildcard and its base name are two values at one name, each cleaned up by itself', async () => {
  const [base, wildcard] = [answerFor('dns-01', 'example.com', 'a'), answerFor('dns-01', 'example.com', 'b')];
  const solver = await newSolver('');
  await Promise.all([solver.present(base, never), solver.present(wildcard, never)]);
  await solver.cleanUp(wildcard, never);
  const values = (await calls()).map((call) => call.split(' '));
  expect(new Set(values.slice(0, 2).map(([, , value]) => value)).size).toBe(2);
  expect(values[2]).toEqual(['cleanup', '_acme-challenge.example.com.', txtValue('b.thumbprint')]);
});

test('a hook that fails is an error with its last words and a command to try', async () => {
  const answer = answerFor('dns-01', 'example.com');
  const solver = await newSolver(`printf 'no such zone\\033[2J\\n' >&2; exit 4`);
  const record = `_acme-challenge.example.com. ${txtValue(answer.keyAuthorization)}`;
  await expect(solver.present(answer, never)).rejects.toMatchObject({
    code: 'solver',
    message: 'the hook "./hook.sh" (present example.com) ended with exit code 4: no such zone\\x1b[2J',
    hint: `try it by hand: cd ${directory} && ./hook.sh present ${record}`,
  });
  await expect(solver.cleanUp(answer, never)).rejects.toThrow('(cleanup example.com)');
});

test('the command to try has the hook’s directory quoted for the shell', async () => {
  const hookDirectory = join(directory, "it's; touch here");
  await mkdir(hookDirectory);
  const solver = await newSolver('', { hook: 'false', hookDirectory });
  await expect(solver.present(answerFor('dns-01', 'example.com'), never)).rejects.toMatchObject({
    hint: expect.stringContaining(`cd ${shellWord(hookDirectory)} && false present `) as string,
  });
});

test('a hook that takes too long is stopped', async () => {
  const solver = await newSolver('sleep 30', { hookTimeoutSeconds: 1 });
  await expect(solver.present(answerFor('dns-01', 'example.com'), never)).rejects.toMatchObject({
    code: 'solver',
    message: expect.stringContaining("didn't end within 1 s") as string,
    hint: expect.stringContaining('--hook-timeout') as string,
  });
});

const tracesItself = 'echo begin >> trace; sleep 0.1; echo end >> trace';

async function mostAtOnce(): Promise<number> {
  const lines = (await readFile(join(directory, 'trace'), 'utf8')).trim().split('\n');
  let running = 0;
  return Math.max(...lines.map((line) => (running += line === 'begin' ? 1 : -1)));
}

test('hooks run one after the other, also those of different orders', async () => {
  const solvers = [await newSolver(tracesItself), await newSolver(tracesItself)];
  await Promise.all(
    ['a.example', 'b.example', 'c.example'].flatMap((name) =>
      solvers.map((solver) => solver.present(answerFor('dns-01', name), never)),
    ),
  );
  expect(await mostAtOnce()).toBe(1);
});

test('with a higher concurrency that many run at once and no more', async () => {
  // Each waits until three have begun, however slowly they start.
  const together = 'until [ "$(grep -c begin trace)" -ge 3 ]; do sleep 0.05; done';
  const script = tracesItself.replace('sleep 0.1', together);
  const solver = await newSolver(script, { hookConcurrency: 3 });
  const names = Array.from({ length: 8 }, (_, index) => `n${String(index)}.example`);
  await Promise.all(names.map((name) => solver.present(answerFor('dns-01', name), never)));
  expect(await mostAtOnce()).toBe(3);
});

test('an abort stops the running hook, and those in the queue never start', async () => {
  const solver = await newSolver('exec sleep 30');
  const controller = new AbortController();
  const presented = ['a.example', 'b.example', 'c.example'].map((name) =>
    solver.present(answerFor('dns-01', name), controller.signal),
  );
  while ((await calls()).length === 0) await delay(20);
  const reason = new Error('stop now');
  const abortedAt = performance.now();
  controller.abort(reason);
  const results = await Promise.allSettled(presented);
  expect(performance.now() - abortedAt).toBeLessThan(20_000);
  expect(results.map((result) => result.status === 'rejected' && result.reason === reason)).toEqual([
    true,
    true,
    true,
  ]);
  await delay(100);
  expect(await calls()).toHaveLength(1);
});

test('who gives up in the queue does not wait for the hook of another', async () => {
  const solver = await newSolver('until [ -e go ]; do sleep 0.05; done');
  const controller = new AbortController();
  const running = solver.present(answerFor('dns-01', 'a.example'), never);
  const queued = solver.present(answerFor('dns-01', 'b.example'), controller.signal);
  while ((await calls()).length === 0) await delay(20);
  controller.abort(new Error('stop now'));
  await expect(queued).rejects.toThrow('stop now');
  await writeFile(join(directory, 'go'), '');
  await running;
});

test('dns-01 waits until the value that the hook wrote is shown', async () => {
  const server = await DnsServer.start();
  const answer = answerFor('dns-01', 'example.com');
  const solver = await newSolver('', { propagationTimeoutSeconds: 10, resolver: server.address });
  await solver.present(answer, never);
  const waiting = solver.waitUntilVisible(answer, never);
  await expect.poll(() => server.questions, { timeout: 8_000 }).toContain('TXT _acme-challenge.example.com');
  server.add('TXT', '_acme-challenge.example.com', txtValue(answer.keyAuthorization));
  await waiting;
  await server.stop();
});
