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
    const script = `if [ -e ${trace} ]; then echo second >> ${trace}; else echo $$ > ${trace}.pid; echo first >> ${trace}; until [ -e ${trace}.go ]; do sleep 0.1; done; echo late >> ${trace}; fi; :`;
    const args = ['orphan.test', '--cert-name', 'orphan.test', '--deploy-hook', script];
    const running = customer.startIssue(...args);
    await until('the deploy hook runs', async () => (await textOf(trace)).endsWith('\n'));
    running.kill('SIGKILL');
    await running.finished;
    const next = await customer.issue(...args, ...change, '-v');
    expectExit(next, 0);
    expect(next.stderr).toMatch(/ended hooks that (a dead run|dead runs) left/);
    await writeFile(`${trace}.go`, '');
    const pid = (await textOf(`${trace}.pid`)).trim();
    await until('the hook is gone', async () => /^$|\) Z /.test(await textOf(`/proc/${pid}/stat`)));
    expect(await textOf(trace)).toBe('first\nsecond\n');
  });
});
