import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hookEnvironment, hookFailure, runHook, type HookRequest } from '../../src/system/hook-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hook-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

function request(command: string, more: Partial<HookRequest> = {}): HookRequest {
  return {
    command,
    args: [],
    environment: {},
    directory,
    timeoutMs: 10_000,
    signal: new AbortController().signal,
    ...more,
  };
}

async function elapsedMs(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work.catch(() => undefined);
  return performance.now() - startedAt;
}

/** Init may take a moment to collect what the hook left behind: a zombie is dead. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const status = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
    if (status === '' || status.includes(') Z ')) return true;
    await delay(20);
  }
  return false;
}

async function pidIn(file: string): Promise<number> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const text = await readFile(join(directory, file), 'utf8').catch(() => '');
    if (text.endsWith('\n')) return Number(text);
    await delay(20);
  }
  throw new Error(`${file} was not written`);
}

describe('what a hook is given', () => {
  test('arguments reach it behind its own ones, whatever characters they hold', async () => {
    const args = ['a b', '$(touch pwned)', '"; touch pwned; "', '*', '-n', ''];
    const result = await runHook(request(`printf '%s\\n' own`, { args }));
    expect(result.stdout).toBe(['own', ...args, ''].join('\n'));
    await expect(readFile(join(directory, 'pwned'))).rejects.toThrow('ENOENT');
  });

  test('a line feed behind the command does not turn the first argument into a command', async () => {
    const result = await runHook(request('echo got\n', { args: ['touch'] }));
    expect(result).toMatchObject({ exitCode: 0, stdout: 'got touch\n' });
  });

  test('it reads its input, its variables and runs in its directory', async () => {
    const script = 'cat; echo " $COLOUR"; pwd -P; true';
    const result = await runHook(request(script, { input: 'text', environment: { COLOUR: 'red' } }));
    expect(result.stdout.split('\n').slice(0, 2)).toEqual(['text red', directory]);
  });

  test('a hook that ignores its input is no error', async () => {
    const result = await runHook(request('true', { input: 'x'.repeat(1_000_000) }));
    expect(result.exitCode).toBe(0);
  });

  test('variables that may hold secrets are left out, the others are kept', () => {
    const own = {
      ACME_LEDGER_URL: 'postgres://me:secret@db/x',
      ACME_LEDGER_EAB_HMAC_KEY: 'secret',
      ACME_LEDGER_EAB_KID: 'kid',
      ACME_LEDGER_CA: 'letsencrypt',
      PATH: '/bin',
    };
    expect(hookEnvironment(own, { EXTRA: '1' })).toEqual({
      ACME_LEDGER_CA: 'letsencrypt',
      PATH: '/bin',
      EXTRA: '1',
    });
  });
});

describe('how a hook ends', () => {
  test('its exit code and both outputs are told', async () => {
    const result = await runHook(request('echo out; echo err >&2; exit 3;'));
    expect(result).toEqual({
      outcome: 'exited',
      exitCode: 3,
      killedBy: null,
      fault: null,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  test('a command that is not there is an exit code with the words of the shell', async () => {
    const result = await runHook(request('/nowhere/hook.sh'));
    expect(result).toMatchObject({ outcome: 'exited', exitCode: 127 });
    expect(hookFailure(result, 1)).toContain('/nowhere/hook.sh');
  });

  test('a working directory that is gone is told', async () => {
    const result = await runHook(request('true', { directory: '/nowhere' }));
    expect(result).toMatchObject({ outcome: 'not-started', exitCode: null });
    expect(hookFailure(result, 1)).toContain('/nowhere');
  });

  test('a signal that killed it is told', async () => {
    const result = await runHook(request('kill -KILL $$;'));
    expect(result).toMatchObject({ outcome: 'killed', exitCode: null, killedBy: 'SIGKILL' });
  });

  test('only the last 64 KiB of its output are kept', async () => {
    const result = await runHook(request(`head -c 5000000 /dev/zero | tr '\\0' x; echo end`));
    expect(result.stdout).toHaveLength(64 * 1024);
    expect(result.stdout.endsWith('xend\n')).toBe(true);
  });

  test('a process it leaves behind with the pipes open is not waited for', async () => {
    const work = runHook(request('sleep 30 & echo $! > pid; echo done; true'));
    expect(await elapsedMs(work)).toBeLessThan(20_000);
    expect(await work).toMatchObject({ exitCode: 0, stdout: 'done\n' });
    process.kill(await pidIn('pid'));
  });
});

describe('a hook that must be stopped', () => {
  test('one that closed its output but never ends is stopped at the time-out', async () => {
    const work = runHook(request('exec >&- 2>&-; sleep 30; true', { timeoutMs: 200 }));
    expect(await elapsedMs(work)).toBeLessThan(20_000);
    expect(await work).toMatchObject({ outcome: 'timed-out', exitCode: null });
  });

  test('the processes it started are stopped with it', async () => {
    const result = await runHook(request('sleep 30 & echo $! > pid; wait; true', { timeoutMs: 300 }));
    expect(result.outcome).toBe('timed-out');
    expect(await isGone(await pidIn('pid'))).toBe(true);
  });

  test('one that ignores SIGTERM is killed two seconds later', async () => {
    await writeFile(join(directory, 'deaf.sh'), `trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done\n`);
    const work = runHook(request('sh deaf.sh', { timeoutMs: 200 }));
    const ms = await elapsedMs(work);
    expect(ms).toBeGreaterThan(2_000);
    expect(ms).toBeLessThan(20_000);
    expect(await isGone(await pidIn('pid'))).toBe(true);
  });

  test('an abort stops it and is thrown with its reason', async () => {
    const controller = new AbortController();
    const work = runHook(request('echo $$ > pid; sleep 30; true', { signal: controller.signal }));
    const pid = await pidIn('pid');
    const reason = new Error('stop now');
    controller.abort(reason);
    expect(await elapsedMs(work)).toBeLessThan(20_000);
    await expect(work).rejects.toBe(reason);
    expect(await isGone(pid)).toBe(true);
  });

  test('after an abort nothing is started', async () => {
    await expect(
      runHook(request('touch started', { signal: AbortSignal.abort(new Error('no')) })),
    ).rejects.toThrow('no');
    await expect(readFile(join(directory, 'started'))).rejects.toThrow('ENOENT');
  });
});

describe('the words for a failure', () => {
  const silent = {
    outcome: 'exited',
    exitCode: 0,
    killedBy: null,
    fault: null,
    stdout: '',
    stderr: '',
  } as const;

  test('there are none for success', () => {
    expect(hookFailure(silent, 1_000)).toBeNull();
  });

  test.each([
    [{ ...silent, exitCode: 2, stderr: 'a\n\nb\u001b[31m\n' }, 'ended with exit code 2: a | b\\x1b[31m'],
    [{ ...silent, exitCode: 2, stdout: 'only here\n' }, 'ended with exit code 2: only here'],
    [{ ...silent, exitCode: 2 }, 'ended with exit code 2, without a word'],
    [
      { ...silent, outcome: 'killed', exitCode: null, killedBy: 'SIGSEGV' } as const,
      'was killed by SIGSEGV, without a word',
    ],
    [
      { ...silent, outcome: 'timed-out', exitCode: null } as const,
      "didn't end within 90 s and was stopped, without a word",
    ],
  ])('%o', (result, words) => {
    expect(hookFailure(result, 90_000)).toBe(words);
  });
});
