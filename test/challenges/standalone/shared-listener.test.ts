import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SharedListener } from '../../../src/challenges/standalone/shared-listener.ts';
import { never } from '../answers.ts';

test('it is never opened before the last close has ended', async () => {
  const trace: string[] = [];
  const listener = new SharedListener<number>(() => {
    trace.push('open');
    return Promise.resolve(async () => {
      await delay(50);
      trace.push('closed');
    });
  });
  await listener.add('a', 1, never);
  const removed = listener.remove('a');
  await listener.add('b', 2, never);
  await removed;
  expect(trace).toEqual(['open', 'closed', 'open']);
  await listener.remove('b');
});

test('an opening that nobody waits for any more is given up', async () => {
  let given: AbortSignal | undefined;
  const listener = new SharedListener<number>((_entries, signal) => {
    given = signal;
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('given up'));
      });
    });
  });
  const controllers = [new AbortController(), new AbortController()];
  const added = controllers.map((controller, index) => listener.add(String(index), index, controller.signal));
  const settled = Promise.allSettled(added);
  await delay(10);
  controllers[0]?.abort(new Error('stop now'));
  await expect(added[0]).rejects.toThrow('stop now');
  expect(given?.aborted).toBe(false);
  controllers[1]?.abort(new Error('stop now'));
  await settled;
  expect(given?.aborted).toBe(true);
});

test('all who wait for one opening share its failure, and the next one tries again', async () => {
  let opened = 0;
  const listener = new SharedListener<number>(() => {
    opened += 1;
    return opened === 1 ? Promise.reject(new Error('in use')) : Promise.resolve(() => Promise.resolve());
  });
  const results = await Promise.allSettled([listener.add('a', 1, never), listener.add('b', 2, never)]);
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
  expect(opened).toBe(1);
  await listener.add('a', 1, never);
  expect(opened).toBe(2);
});
