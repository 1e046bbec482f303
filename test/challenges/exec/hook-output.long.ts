import { expect, it } from 'vitest';
import { answerFor, never } from '../answers.ts';
import { styledHooks } from './styled-hooks.ts';

const { script, solverOf } = styledHooks();

const dns = answerFor('dns-01', 'a.test', '-token');

it('of a hook that prints a gigabyte, the end is kept and told', async () => {
  await script('hook.sh', 'head -c 1000000000 /dev/zero | tr "\\0" x; echo; echo the end; exit 1');
  const before = process.memoryUsage().rss;
  await expect(solverOf('dehydrated', { hookTimeout: '60s' }).present(dns, never)).rejects.toThrow(
    /the end$/,
  );
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
});
