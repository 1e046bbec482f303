import { expect, it } from 'vitest';
import { allOrFirstError } from '../../../src/issuance/waiting/concurrency.ts';

it('gives all results in their order', async () => {
  expect(await allOrFirstError([Promise.resolve(1), Promise.resolve('two')])).toEqual([1, 'two']);
});

it('throws the first error only when the others have ended', async () => {
  let slowEnded = false;
  const slow = new Promise((resolve) => setTimeout(resolve, 20)).then(() => {
    slowEnded = true;
  });
  const failed = Promise.reject(new Error('first'));
  const alsoFailed = Promise.reject(new Error('second'));
  await expect(allOrFirstError([slow, failed, alsoFailed])).rejects.toThrow('first');
  expect(slowEnded).toBe(true);
});
