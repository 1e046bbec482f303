import { expect, it } from 'vitest';
import type { HttpAnswer } from '../../src/ledger/orders/presentations.ts';
import { PresentedAnswers } from '../../src/serve/presented-answers.ts';

function answer(token: string): HttpAnswer {
  return { identifier: 'a.test', token, key_authorization: `${token}.thumbprint` };
}

/** A ledger whose rows a test changes, and what it was asked. */
function source() {
  const state = { rows: [answer('first')], reads: 0, isGone: false, told: [] as unknown[] };
  const answers = new PresentedAnswers({
    read: () => {
      state.reads += 1;
      return state.isGone ? Promise.reject(new Error('gone')) : Promise.resolve([...state.rows]);
    },
    tell: (failure) => state.told.push(failure),
  });
  return { state, answers };
}

it('finds a token that was presented a moment ago by one read', async () => {
  const { state, answers } = source();
  await answers.refresh();
  expect(answers.known('first')).toEqual(answer('first'));
  state.rows.push(answer('second'));
  expect(answers.known('second')).toBeUndefined();
  expect(await answers.lookFor('second')).toEqual(answer('second'));
  expect(state.reads).toBe(2);
  expect(answers.known('second')).toEqual(answer('second'));
});

it('reads once for all that ask at the same time, and not more than 20 times a second', async () => {
  const { state, answers } = source();
  const startedMs = performance.now();
  for (let round = 0; round < 5; round += 1)
    await Promise.all(Array.from({ length: 100 }, (_, index) => answers.lookFor(`nosuch-${String(index)}`)));
  expect(state.reads).toBe(5);
  expect(performance.now() - startedMs).toBeGreaterThan(190);
});

it('begins its read after the question: one that runs already may have missed the row', async () => {
  const finish: (() => void)[] = [];
  const rows: HttpAnswer[][] = [[], [answer('late')]];
  let reads = 0;
  const answers = new PresentedAnswers({
    read: async () => {
      const found = rows[reads++] ?? [];
      await new Promise<void>((resolve) => finish.push(resolve));
      return found;
    },
    tell: () => undefined,
  });
  const earlier = answers.refresh();
  await expect.poll(() => finish.length).toBe(1);
  const asked = answers.lookFor('late');
  finish.shift()?.();
  await earlier;
  await expect.poll(() => finish.length).toBe(1);
  finish.shift()?.();
  expect(await asked).toEqual(answer('late'));
});

it('lets no more than a thousand requests wait for a read', async () => {
  const { state, answers } = source();
  const waiting = Array.from({ length: 1_000 }, () => answers.lookFor('first'));
  expect(await answers.lookFor('first')).toBeUndefined();
  expect(state.reads).toBeLessThanOrEqual(1);
  expect((await Promise.all(waiting)).every((found) => found?.token === 'first')).toBe(true);
});

it('forgets what was taken down, and goes on with what it knows while the ledger is gone', async () => {
  const { state, answers } = source();
  await answers.refresh();
  state.isGone = true;
  expect(await answers.lookFor('second')).toBeUndefined();
  await answers.refresh();
  expect(answers.known('first')).toEqual(answer('first'));
  expect(state.told).toEqual([new Error('gone')]);
  state.isGone = false;
  state.rows = [answer('second')];
  await answers.refresh();
  expect(state.told).toEqual([new Error('gone'), null]);
  expect(answers.known('first')).toBeUndefined();
  expect(answers.count).toBe(1);
});
