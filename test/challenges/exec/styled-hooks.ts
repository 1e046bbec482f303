import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import type { HookStyleName } from '../../../src/challenges/exec/hook-styles.ts';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import type { Solver } from '../../../src/challenges/solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { acmeShHome } from '../../support/acme-sh-stand-in.ts';

/** Keeps each call in `calls`: its arguments with `|` between. */
const records = `printf '%s' "$1" >> calls; [ $# = 0 ] || shift; for each do printf '|%s' "$each" >> calls; done; echo >> calls`;

/** Hooks of all styles in a directory of their own for each test. */
export interface StyledHooks {
  /** The test's directory. */
  inside: (name: string) => string;
  /** Writes a hook. */
  script: (name: string, body: string) => Promise<string>;
  calls: () => Promise<string[]>;
  /** A solver for `./hook.sh`, unless the options say otherwise. */
  solverOf: (hookStyle: HookStyleName, options?: object) => Solver;
  /** A solver with a hook whose calls are kept and end with this exit code. */
  newSolver: (hookStyle: HookStyleName, exit?: number) => Promise<Solver>;
}

export function styledHooks(): StyledHooks {
  let directory = '';
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hook-styles-'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(directory, { recursive: true });
  });
  const inside = (name: string): string => join(directory, name);
  const script = async (name: string, body: string): Promise<string> => {
    await writeFile(inside(name), `#!/bin/sh\n${body}\n`);
    await chmod(inside(name), 0o755);
    return inside(name);
  };
  const solverOf = (hookStyle: HookStyleName, options: object = {}): Solver => {
    const given = { hook: './hook.sh', hookStyle, propagationTimeout: '0s', ...options };
    return createSolver(settingsFromOptions(given, directory), { clock: systemClock });
  };
  return {
    inside,
    script,
    solverOf,
    calls: async () => (await readFile(inside('calls'), 'utf8').catch(() => '')).split('\n').slice(0, -1),
    newSolver: async (hookStyle, exit = 0) => {
      if (hookStyle === 'acme.sh') {
        const hook = await acmeShScript(inside('.acme.sh'), inside('calls'), exit);
        return solverOf(hookStyle, { hook });
      }
      await script('hook.sh', `${records}; exit ${String(exit)}`);
      if (hookStyle === 'lexicon') return solverOf(hookStyle, { hook: './hook.sh mine' });
      return solverOf(hookStyle, hookStyle === 'certbot' ? { cleanupHook: './hook.sh' } : {});
    },
  };
}

function acmeShScript(home: string, calls: string, exit: number): Promise<string> {
  const functions = ['add', 'rm'].map(
    (end) => `dns_mine_${end}() { echo "${end}|$1|$2" >> '${calls}'; return ${String(exit)}; }`,
  );
  return acmeShHome(home, { name: 'dns_mine', body: functions.join('\n') });
}
