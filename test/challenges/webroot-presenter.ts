// Puts up the answer of a test and takes it down again, as a process of its own; what goes wrong is on stdout.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSolver } from '../../src/challenges/create-solver.ts';
import { systemClock } from '../../src/clock.ts';
import { answerFor, never } from './answers.ts';

const webroot = process.argv[2] ?? '';
const answer = answerFor('http-01', 'example.com');
const solver = createSolver({ solver: 'webroot', challenge: 'http-01', webroot }, { clock: systemClock });
try {
  await solver.present(answer, never);
  await solver.waitUntilVisible(answer, never);
  const written = await readFile(join(webroot, '.well-known', 'acme-challenge', answer.token), 'utf8');
  await solver.cleanUp(answer, never);
  process.stdout.write(written === answer.keyAuthorization ? 'presented' : 'elsewhere');
} catch (error) {
  process.stdout.write(error instanceof Error ? error.message : String(error));
}
