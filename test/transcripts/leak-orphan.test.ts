import { existsSync } from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LeakLab, expectExit, startLeakLab, until } from './leak-lab.ts';

let lab: LeakLab;

beforeAll(async () => {
  lab = await startLeakLab();
});

afterAll(() => lab.stop());

describe('a run killed while its hook works', { timeout: 60_000 }, () => {
  it('leaves a hook that goes on, which the next run ends before it takes its answer down', async () => {
    const customer = await lab.newCustomer();
    const hook = path.join(path.dirname(customer.hook), 'late-hook.sh');
    const answers = path.join(path.dirname(customer.hook), '.well-known/acme-challenge');
    await writeFile(
      hook,
      `#!/bin/sh\n[ "$1" = cleanup ] && exec rm -f '${answers}/'"$3"\ntouch '${hook}.runs'\nsleep 6\nmkdir -p '${answers}'\nprintf %s "$4" > '${answers}/'"$3"\n`,
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
    await until('the hook runs', () => existsSync(`${hook}.runs`));
    const startedAt = Date.now();
    running.kill('SIGKILL');
    await running.finished;
    const clear = await customer.run(['authz', 'clear', '-v']);
    expectExit(clear, 0);
    expect(clear.stderr).toMatch(/ended hooks that a dead run left/);
    await delay(Math.max(0, startedAt + 6_500 - Date.now()));
    expect(await customer.presented()).toEqual([]);
    expect(await customer.atCa()).toEqual({ 'late-hook.test': 'deactivated' });
  });
});
