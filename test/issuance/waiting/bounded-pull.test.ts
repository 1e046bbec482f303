import { expect, it } from 'vitest';
import { eachOf } from '../../../src/issuance/waiting/bounded-pull.ts';

it('takes no longer where more is allowed at one time than there is', async () => {
  async function* few(): AsyncGenerator<number> {
    yield* [1, 2, 3];
  }
  const done: number[] = [];
  const startedAt = performance.now();
  await eachOf(few(), 50_000, async (each) => void done.push(await Promise.resolve(each)));
  expect(done.toSorted()).toEqual([1, 2, 3]);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
