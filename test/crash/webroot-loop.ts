// Run as root: puts answers up in a webroot and takes them down, as fast as it can, whatever happens to them.
import { createSolver } from '../../src/challenges/create-solver.ts';
import { systemClock } from '../../src/clock.ts';
import { answerFor, never } from '../challenges/answers.ts';

const [webroot = '', seconds = '1'] = process.argv.slice(2);
const endsAt = performance.now() + Number(seconds) * 1000;
const done = { presented: 0, refused: 0 };
for (let round = 0; performance.now() < endsAt; round += 1) {
  const solver = createSolver({ solver: 'webroot', challenge: 'http-01', webroot }, { clock: systemClock });
  const answer = answerFor('http-01', 'example.com', `t${String(round)}`);
  try {
    await solver.present(answer, never);
    await solver.waitUntilVisible(answer, never);
    done.presented += 1;
  } catch {
    done.refused += 1;
  }
  await solver.cleanUp(answer, never).catch(() => undefined);
}
process.stdout.write(JSON.stringify(done));
