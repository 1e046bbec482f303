import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import type { Solver } from '../../../src/challenges/solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { answerFor, never } from '../answers.ts';

let webroot: string;
beforeEach(async () => {
  webroot = await mkdtemp(join(tmpdir(), 'webroot-'));
});
afterEach(async () => {
  await rm(webroot, { recursive: true, force: true });
});

const directory = () => join(webroot, '.well-known', 'acme-challenge');
const answer = answerFor('http-01', 'example.com');

function newSolver(root = webroot): Solver {
  return createSolver({ solver: 'webroot', challenge: 'http-01', webroot: root }, { clock: systemClock });
}

test('the key authorization is where the web server looks, readable by everybody', async () => {
  const umask = process.umask(0o077);
  try {
    await newSolver().present(answer, never);
  } finally {
    process.umask(umask);
  }
  expect(await readFile(join(directory(), answer.token), 'utf8')).toBe(answer.keyAuthorization);
  expect((await stat(join(directory(), answer.token))).mode & 0o777).toBe(0o644);
  expect((await stat(directory())).mode & 0o777).toBe(0o755);
  expect((await stat(join(webroot, '.well-known'))).mode & 0o777).toBe(0o755);
  expect(await readdir(directory())).toEqual([answer.token]);
});

test('clean-up leaves the webroot as it was', async () => {
  const solver = newSolver();
  await solver.present(answer, never);
  await solver.waitUntilVisible(answer, never);
  await solver.cleanUp(answer, never);
  expect(await readdir(webroot)).toEqual([]);
});

test('directories that were there before stay, also when they are empty', async () => {
  await mkdir(directory(), { recursive: true });
  await chmod(directory(), 0o750);
  const solver = newSolver();
  await solver.present(answer, never);
  await solver.cleanUp(answer, never);
  expect(await readdir(directory())).toEqual([]);
  expect((await stat(directory())).mode & 0o777).toBe(0o750);
});

test('another process can clean up, and doing it twice is fine', async () => {
  await newSolver().present(answer, never);
  await newSolver().cleanUp(answer, never);
  await newSolver().cleanUp(answer, never);
  await expect(stat(join(directory(), answer.token))).rejects.toThrow('ENOENT');
});

test('the half-written file of a killed run is no obstacle to presenting and goes with clean-up', async () => {
  await mkdir(directory(), { recursive: true });
  const left = join(directory(), `.${answer.token}.tmp`);
  await writeFile(left, 'half');
  await newSolver().present(answer, never);
  expect(await readdir(directory())).toEqual([answer.token]);
  await writeFile(left, 'half');
  await newSolver().cleanUp(answer, never);
  expect(await readdir(directory())).toEqual([]);
});

test('many orders at one webroot do not take away each other’s answers or directories', async () => {
  const answers = Array.from({ length: 40 }, (_, index) =>
    answerFor('http-01', 'example.com', `t${String(index)}`),
  );
  await Promise.all(
    answers.map(async (one) => {
      const solver = newSolver();
      for (let round = 0; round < 5; round += 1) {
        await solver.present(one, never);
        await solver.waitUntilVisible(one, never);
        await solver.cleanUp(one, never);
      }
    }),
  );
  expect(await readdir(webroot)).toEqual([]);
});

test.each(['../../escape', 'a/b', '..', '', 'a.b', 'a\u0000b', 'x'.repeat(300)])(
  'the token %j, which is not base64url, is refused',
  async (token) => {
    const solver = newSolver();
    const bad = { ...answer, token };
    await expect(solver.present(bad, never)).rejects.toMatchObject({ code: 'solver' });
    await expect(solver.cleanUp(bad, never)).rejects.toMatchObject({ code: 'solver' });
    expect(await readdir(webroot)).toEqual([]);
  },
);

test('a symbolic link in the token’s place is refused and its target is left alone', async () => {
  const target = join(webroot, 'precious');
  await writeFile(target, 'precious');
  await mkdir(directory(), { recursive: true });
  await symlink(target, join(directory(), answer.token));
  const solver = newSolver();
  await expect(solver.present(answer, never)).rejects.toMatchObject({ code: 'solver' });
  await expect(solver.waitUntilVisible(answer, never)).rejects.toMatchObject({ code: 'solver' });
  expect(await readFile(target, 'utf8')).toBe('precious');
  expect((await lstat(join(directory(), answer.token))).isSymbolicLink()).toBe(true);
});

test('a symbolic link in the temporary file’s place is not written through', async () => {
  const target = join(webroot, 'precious');
  await writeFile(target, 'precious');
  await mkdir(directory(), { recursive: true });
  await symlink(target, join(directory(), `.${answer.token}.tmp`));
  await newSolver().present(answer, never);
  expect(await readFile(target, 'utf8')).toBe('precious');
  expect(await readFile(join(directory(), answer.token), 'utf8')).toBe(answer.keyAuthorization);
});

test('an answer that something else replaced is seen', async () => {
  const solver = newSolver();
  await solver.present(answer, never);
  await writeFile(join(directory(), answer.token), 'other');
  await expect(solver.waitUntilVisible(answer, never)).rejects.toMatchObject({ code: 'solver' });
});

test('a webroot that is gone is an error with a hint, and is not made', async () => {
  const gone = join(webroot, 'gone');
  const failure = newSolver(gone).present(answer, never);
  await expect(failure).rejects.toMatchObject({
    code: 'solver',
    hint: expect.stringContaining('--webroot') as string,
  });
  await expect(stat(gone)).rejects.toThrow('ENOENT');
});

test('a file where a directory should be is an error', async () => {
  await writeFile(join(webroot, '.well-known'), '');
  await expect(newSolver().present(answer, never)).rejects.toMatchObject({ code: 'solver' });
});

test('an abort is thrown with its reason', async () => {
  const reason = new Error('stop now');
  await expect(newSolver().present(answer, AbortSignal.abort(reason))).rejects.toBe(reason);
});

test('what an abort interrupted in the middle of the writing is taken down, too', async () => {
  const solver = newSolver();
  const interruption = new AbortController();
  const presented = solver.present(answer, interruption.signal);
  interruption.abort(new Error('interrupted'));
  await expect(presented).rejects.toThrow('interrupted');
  await solver.cleanUp(answer, never);
  await delay(200);
  expect(await readdir(webroot)).toEqual([]);
});

test('a name with a document root of its own is answered there', async () => {
  const other = join(webroot, 'other');
  await mkdir(other);
  const settings = {
    solver: 'webroot',
    challenge: 'http-01',
    webroot,
    webroots: { 'www.example.com': other },
  } as const;
  const solver = createSolver(settings, { clock: systemClock });
  const www = answerFor('http-01', 'www.example.com', 'token-www');
  await Promise.all([solver.present(answer, never), solver.present(www, never)]);
  await solver.waitUntilVisible(www, never);
  expect(await readdir(join(other, '.well-known', 'acme-challenge'))).toEqual(['token-www']);
  expect(await readdir(directory())).toEqual([answer.token]);
  await Promise.all([solver.cleanUp(answer, never), solver.cleanUp(www, never)]);
  expect(await readdir(other)).toEqual([]);
});
