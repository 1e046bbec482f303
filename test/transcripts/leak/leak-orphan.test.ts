import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeakLab, expectExit, startLeakLab, until } from './leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

/** Nothing where there is no such file, or no such process any more. */
const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** A hook that writes down that it runs; the first one goes on until it is let go. */
function stayingAtFirst(trace: string): string {
  return `if [ -e ${trace} ]; then echo second >> ${trace}; else echo $$ > ${trace}.pid; echo first >> ${trace}; until [ -e ${trace}.go ]; do sleep 0.1; done; echo late >> ${trace}; fi; :`;
}

/** The first one was ended before the second, and does nothing more when it is let go. */
async function expectEnded(trace: string): Promise<void> {
  await writeFile(`${trace}.go`, '');
  const pid = (await textOf(`${trace}.pid`)).trim();
  await until('the hook is gone', async () => /^$|\) Z /.test(await textOf(`/proc/${pid}/stat`)));
  expect(await textOf(trace)).toBe('first\nsecond\n');
}

describe('a run killed while its hook works', { timeout: 180_000 }, () => {
  it('leaves a hook that goes on, which the next run ends before it takes its answer down', async () => {
    const customer = await lab.newCustomer();
    const hook = path.join(path.dirname(customer.hook), 'late-hook.sh');
    const answers = path.join(path.dirname(customer.hook), '.well-known/acme-challenge');
    await writeFile(
      hook,
      `#!/bin/sh\n[ "$1" = cleanup ] && exec rm -f '${answers}/'"$3"\necho $$ > '${hook}.pid'\nuntil [ -e '${hook}.go' ]; do sleep 0.1; done\nmkdir -p '${answers}'\nprintf %s "$4" > '${answers}/'"$3"\n`,
    );
    await chmod(hook, 0o755);
    const running = customer.start([
      'issue',
      '--agree-tos',
      '--hook',
      hook,
      '--challenge',
      'http-01',
      'late-hook.test',
    ]);
    await until('the hook runs', async () => (await textOf(`${hook}.pid`)).endsWith('\n'));
    running.kill('SIGKILL');
    await running.finished;
    const clear = await customer.run(['authz', 'clear', '-v']);
    expectExit(clear, 0);
    expect(clear.stderr).toMatch(/ended hooks that a dead run left/);
    await writeFile(`${hook}.go`, '');
    const pid = (await textOf(`${hook}.pid`)).trim();
    await until('the hook is gone', async () => /^$|\) Z /.test(await textOf(`/proc/${pid}/stat`)));
    expect(await customer.presented()).toEqual([]);
    expect(await customer.atCa()).toEqual({ 'late-hook.test': 'deactivated' });
  });

  it.for([
    { what: 'is run again', change: [] },
    { what: 'belongs to what is wanted otherwise since', change: ['www.orphan.test'] },
  ])('leaves a deploy hook, which the next run ends before the one that $what', async ({ change }) => {
    const customer = await lab.newCustomer();
    const trace = path.join(path.dirname(customer.hook), 'trace');
    const script = stayingAtFirst(trace);
    const args = ['orphan.test', '--cert-name', 'orphan.test', '--deploy-hook', script];
    const running = customer.startIssue(...args);
    await until('the deploy hook runs', async () => (await textOf(trace)).endsWith('\n'));
    running.kill('SIGKILL');
    await running.finished;
    const next = await customer.issue(...args, ...change, '-v');
    expectExit(next, 0);
    expect(next.stderr).toMatch(/ended hooks that (a dead run|dead runs) left/);
    await expectEnded(trace);
  });

  it('leaves the command of --on-finish, which the next run ends before its own', async () => {
    const customer = await lab.newCustomer();
    expectExit(await customer.issue('finish.test'), 0);
    const trace = path.join(path.dirname(customer.hook), 'trace');
    const command = stayingAtFirst(trace);
    const running = customer.start(['renew', '--on-finish', command]);
    await until('the command runs', async () => (await textOf(trace)).endsWith('\n'));
    running.kill('SIGKILL');
    await running.finished;
    const next = await customer.run(['renew', '--on-finish', command, '-v']);
    expectExit(next, 0);
    expect(next.stderr).toMatch(/ended hooks that dead runs left/);
    await expectEnded(trace);
  });
});
