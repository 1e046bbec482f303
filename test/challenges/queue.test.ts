import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { queued } from '../../src/challenges/queue.ts';
import { never } from './answers.ts';

test('work whose signal is aborted in the queue never starts', async () => {
  const controller = new AbortController();
  const started: string[] = [];
  const first = queued('hook', 1, never, async () => {
    await delay(50);
  });
  const second = queued('hook', 1, controller.signal, () => Promise.resolve(started.push('second')));
  controller.abort(new Error('stop now'));
  await expect(second).rejects.toThrow('stop now');
  await first;
  await queued('hook', 1, never, () => Promise.resolve(started.push('third')));
  expect(started).toEqual(['third']);
});

test('work that has started is waited for after an abort, so that it can stop what it began', async () => {
  const controller = new AbortController();
  let stopped = false;
  const running = queued('hook', 1, controller.signal, async () => {
    await delay(50);
    stopped = true;
    controller.signal.throwIfAborted();
  });
  await delay(10);
  controller.abort(new Error('stop now'));
  await expect(running).rejects.toThrow('stop now');
  expect(stopped).toBe(true);
});

test('work that comes after the abort is refused, and nothing of it is left to fail unseen', async () => {
  const unseen: unknown[] = [];
  const note = (reason: unknown): void => void unseen.push(reason);
  process.on('unhandledRejection', note);
  let started = false;
  const late = queued('hook', 1, AbortSignal.abort(new Error('stop now')), async () => {
    started = true;
  });
  await expect(late).rejects.toThrow('stop now');
  await delay(10);
  process.off('unhandledRejection', note);
  expect({ started, unseen }).toEqual({ started: false, unseen: [] });
});
