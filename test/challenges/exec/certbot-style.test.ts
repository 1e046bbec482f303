import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSolver } from '../../../src/challenges/create-solver.ts';
import { dnsRecordValue } from '../../../src/challenges/answer-values.ts';
import { settingsFromOptions } from '../../../src/challenges/settings-from-options.ts';
import type { Solver } from '../../../src/challenges/solver.ts';
import { systemClock } from '../../../src/clock.ts';
import { answerFor, never } from '../answers.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certbot-style-'));
  for (const name of ['auth.sh', 'cleanup.sh']) {
    const body = `env | grep ^CERTBOT_ | sort > ${name}.seen; echo "args $#" >> ${name}.seen; echo " made by ${name} "`;
    await writeFile(join(directory, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(directory, name), 0o755);
  }
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const hooks = { hook: './auth.sh', hookStyle: 'certbot', propagationTimeout: '0s' };

function newSolver(options: object): Solver {
  return createSolver(settingsFromOptions({ ...hooks, ...options }, directory), { clock: systemClock });
}

async function seenBy(name: string): Promise<string[] | null> {
  const text = await readFile(join(directory, `${name}.seen`), 'utf8').catch(() => null);
  return text?.trimEnd().split('\n') ?? null;
}

test('hooks get the variables of certbot, the second what the first printed, and no arguments', async () => {
  const solver = newSolver({ cleanupHook: './cleanup.sh' });
  const answers = [answerFor('dns-01', 'a.test'), answerFor('dns-01', 'example.com')];
  const answer = { ...answers[1]!, batch: { answers, remaining: 0 } };
  const seen = [
    'CERTBOT_ALL_DOMAINS=a.test,example.com',
    'CERTBOT_ALL_IDENTIFIERS=a.test,example.com',
    'CERTBOT_DOMAIN=example.com',
    'CERTBOT_IDENTIFIER=example.com',
    'CERTBOT_REMAINING_CHALLENGES=0',
    `CERTBOT_VALIDATION=${dnsRecordValue(answer)}`,
    'args 0',
  ];
  await solver.present(answer, never);
  expect(await seenBy('auth.sh')).toEqual(seen);
  expect(await seenBy('cleanup.sh')).toBeNull();
  await solver.cleanUp(answer, never);
  expect(await seenBy('cleanup.sh')).toEqual(seen.toSpliced(2, 0, 'CERTBOT_AUTH_OUTPUT=made by auth.sh'));
});

test('for http-01 there are the token and the key authorization; without a second hook nothing is taken down', async () => {
  const solver = newSolver({ challenge: 'http-01' });
  const answer = answerFor('http-01', 'example.com');
  await solver.present(answer, never);
  expect(await seenBy('auth.sh')).toEqual(
    expect.arrayContaining([
      'CERTBOT_ALL_DOMAINS=example.com',
      `CERTBOT_TOKEN=${answer.token}`,
      `CERTBOT_VALIDATION=${answer.keyAuthorization}`,
    ]),
  );
  await rm(join(directory, 'auth.sh.seen'));
  await solver.cleanUp(answer, never);
  expect(await seenBy('auth.sh')).toBeNull();
});

test('a hook that fails is an error with its variables in the command to try', async () => {
  await writeFile(join(directory, 'auth.sh'), '#!/bin/sh\nexit 3\n');
  await expect(newSolver({}).present(answerFor('dns-01', 'a.test'), never)).rejects.toMatchObject({
    code: 'solver',
    message: expect.stringContaining('(present a.test) ended with exit code 3') as string,
    hint: expect.stringMatching(
      /&& CERTBOT_DOMAIN=a\.test .*CERTBOT_VALIDATION=\S+ .* \.\/auth\.sh$/,
    ) as string,
  });
});

test('a command that would never be called is refused', () => {
  expect(() => newSolver({ hookStyle: 'lego', cleanupHook: './cleanup.sh' })).toThrow(
    /--cleanup-hook isn't called with --hook-style lego/,
  );
  expect(() => newSolver({ cleanupHook: './none.sh' })).toThrow(/--cleanup-hook: there is no program/);
});
