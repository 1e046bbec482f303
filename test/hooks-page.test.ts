import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deployVariables } from '../src/certificates/deploy-variables.ts';
import { runDeployHook } from '../src/certificates/deploy-hook.ts';
import { hookStyles } from '../src/challenges/exec/hook-styles.ts';
import { hookSolver } from '../src/challenges/exec/hook-solver.ts';
import type { ChallengeAnswer } from '../src/challenges/solver.ts';
import { hooksHelp } from '../src/command-line/hooks-help.ts';
import { systemClock } from '../src/clock.ts';
import { nameVariables } from '../src/issuance/names/name-hook-variables.ts';
import { finishVariables } from '../src/renew/report-hook.ts';
import { runHook } from '../src/system/hook-process.ts';
import { runVariable } from '../src/system/orphaned-hooks.ts';
import { makeScratchDirectory } from './certificates/scratch-directory.ts';
import { tableBelow } from './support/markdown.ts';

const page = await readFile(new URL('../docs/hooks.md', import.meta.url), 'utf8');
const { signal } = new AbortController();

/** The variables of a table of the page, one a cell or more. */
function told(heading: string): string[] {
  return tableBelow(page, heading, 'variable').flatMap(([cell = '']) => cell.replaceAll('`', '').split(', '));
}

/** What a hook finds in its environment beside what this process has. */
async function foundIn(file: string): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  // A shell sets these by itself.
  const shell = ['_', 'PWD', 'OLDPWD', 'SHLVL'];
  return lines
    .map((line) => line.split('=')[0] ?? '')
    .filter((name) => !(name in process.env) && !shell.includes(name))
    .sort();
}

describe('docs/hooks.md', () => {
  it('has all that a deploy hook finds', async () => {
    const out = join(await makeScratchDirectory(), 'out');
    const paths = { directory: '/c', fullchain: '/c/f', cert: '/c/c', chain: '/c/i', privkey: '/c/p' };
    const [from, until] = [new Date(0), new Date(1)];
    const names = { name: 'a.test', names: ['a.test'], serial: '1', issuerCommonName: null };
    const certificate = { ...names, notBefore: from, notAfter: until, keyType: 'ec256' as const, paths };
    await runDeployHook({ command: `env > ${out}`, certificate, email: 'a@b.test', runId: 'run' }, signal);
    expect(await foundIn(out)).toEqual([...told('The deploy hook'), runVariable].sort());
    expect(told('The deploy hook').sort()).toEqual(Object.keys(deployVariables).sort());
  });

  it('has the calls of the hook that proves names, which finds nothing more', async () => {
    const calls = tableBelow(page, 'The hook that proves names', 'challenge');
    for (const [type = '', call = ''] of calls) {
      const directory = await makeScratchDirectory();
      const out = join(directory, 'out');
      const solver = hookSolver(
        {
          solver: 'exec',
          challenge: type as 'dns-01' | 'http-01',
          hook: `env > ${out}; echo > ${out}.arguments`,
          hookDirectory: directory,
          hookStyle: 'lego',
          hookTimeoutSeconds: 60,
          hookConcurrency: 1,
          propagationTimeoutSeconds: 0,
          resolver: null,
          dnsRounds: 3,
          dnsQuorum: 'all',
        },
        { clock: systemClock, runId: 'run' },
      );
      const answer: ChallengeAnswer = {
        type: type as 'dns-01' | 'http-01',
        identifier: { type: 'dns', value: 'example.com' },
        token: 'TOKEN',
        keyAuthorization: 'TOKEN.thumbprint',
      };
      const [, ...told] = (/CMD (present [^,`]+)/.exec(call)?.[1] ?? '').split(' ');
      for (const action of ['present', 'cleanup'] as const) {
        await (action === 'present' ? solver.present(answer, signal) : solver.cleanUp(answer, signal));
        const given = (await readFile(`${out}.arguments`, 'utf8')).trim().split(' ');
        expect(given.slice(0, 2)).toEqual([action, told[0]]);
        expect(given).toHaveLength(told.length + 1);
      }
      expect(await foundIn(out)).toEqual([runVariable]);
    }
    expect(calls.map(([type]) => type)).toEqual(['dns-01', 'http-01']);
  });

  it('has all that a hook of certbot finds', () => {
    const { certbot } = hookStyles;
    const found = (['dns-01', 'http-01'] as const).flatMap((type) =>
      (['present', 'cleanup'] as const).flatMap((action) => {
        const identifier = { type: 'dns' as const, value: 'a.test' };
        const answer = { type, identifier, token: 'TOKEN', keyAuthorization: 'TOKEN.x' };
        return Object.keys(certbot.variablesFor(action, answer, ''));
      }),
    );
    expect([...new Set(found)].sort()).toEqual(Object.keys(certbot.variables).sort());
    expect(told('Hooks that were written for certbot').sort()).toEqual(Object.keys(certbot.variables).sort());
  });

  it('has all that the name hook and the command at the end of renew find', () => {
    expect(told('The name hook').sort()).toEqual(Object.keys(nameVariables).sort());
    expect(told('The command at the end of renew').sort()).toEqual(Object.keys(finishVariables).sort());
  });

  it('says what no hook finds', async () => {
    const out = join(await makeScratchDirectory(), 'out');
    const secrets = { ACME_LEDGER_URL: 'x', ACME_LEDGER_EAB_KID: 'x' };
    Object.assign(process.env, secrets);
    try {
      await runHook({ command: `env > ${out}`, args: [], environment: {}, timeoutMs: 10_000, signal });
    } finally {
      for (const name of Object.keys(secrets)) Reflect.deleteProperty(process.env, name);
    }
    expect(await readFile(out, 'utf8')).not.toMatch(/ACME_LEDGER_/);
  });
});

describe('acme-ledger help hooks', () => {
  it.each([60, 80, 160])('has them too, in %i columns', async (width) => {
    const lines = await hooksHelp(width);
    expect(lines.filter((line) => line.length > width)).toEqual([]);
    const variables = [deployVariables, nameVariables, finishVariables].flatMap((each) => Object.keys(each));
    const text = lines.join('\n');
    for (const variable of [...variables, runVariable])
      expect(text).toMatch(new RegExp(`^ {2}${variable}( |$)`, 'm'));
  });
});
