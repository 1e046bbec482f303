import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { expect, describe, it, vi } from 'vitest';
import { answerFor, never } from '../answers.ts';
import { styledHooks } from './styled-hooks.ts';

const { inside, script, calls, solverOf, newSolver } = styledHooks();

const dns = answerFor('dns-01', 'a.test', '-token');

describe('acmetool', () => {
  it('says what 42 means, and counts it as a failure of a hook that stands alone', async () => {
    const solver = await newSolver('acmetool', 42);
    await expect(solver.present(dns, never)).rejects.toThrow(
      /by 42 it says that challenge-dns-start isn't for it/,
    );
  });

  it('may be a directory: those that say 42 are passed over, and one that takes the call is enough', async () => {
    await mkdir(inside('hooks'));
    await script('hooks/10-other', 'exit 42');
    await script('hooks/20-mine', `echo "20 $1" >> calls`);
    await script('hooks/30-live', '[ "$1" = live-updated ]');
    await script('hooks/.hidden', 'echo hidden >> calls');
    await writeFile(inside('hooks/README'), 'no program\n');
    const solver = solverOf('acmetool', { hook: './hooks' });
    await solver.present(dns, never);
    await solver.cleanUp(dns, never);
    expect(await calls()).toEqual(['20 challenge-dns-start', '20 challenge-dns-stop']);
  });

  it('is told when none of a directory takes the call, or there is none', async () => {
    await mkdir(inside('hooks'));
    const solver = solverOf('acmetool', { hook: './hooks' });
    await expect(solver.present(dns, never)).rejects.toThrow(
      /there is no hook in .*nothing in it may be executed/,
    );
    await script('hooks/1', 'exit 42');
    await script('hooks/2', 'exit 42');
    await expect(solver.present(dns, never)).rejects.toThrow(
      /none of the 2 hooks in \.\/hooks takes challenge-dns-start for a\.test/,
    );
    await script('hooks/2', 'echo broken >&2; exit 1');
    await expect(solver.present(dns, never)).rejects.toThrow(
      /hooks\/2" \(present a\.test\) ended with exit code 1: broken/,
    );
  });

  it('gets the key authorization on stdin, and its state directory', async () => {
    vi.stubEnv('ACME_STATE_DIR', '/srv/acme');
    await script('hook.sh', 'cat > seen; echo " $ACME_STATE_DIR" >> seen');
    const answer = answerFor('http-01', 'a.test');
    await solverOf('acmetool', { challenge: 'http-01' }).present(answer, never);
    expect(await readFile(inside('seen'), 'utf8')).toBe(`${answer.keyAuthorization} /srv/acme\n`);
  });

  it('is no directory for the other styles', () => {
    expect(() => solverOf('lego', { hook: '/tmp/' })).toThrow('--hook: /tmp is a directory');
  });
});
