import { expect, it } from 'vitest';
import type { RequestKind } from './acme-request.ts';
import { ListGate } from './list-gate.ts';

it('lets a list of orders go alone, and everything in the order in which it came', async () => {
  const gate = new ListGate();
  const running = new Set<RequestKind>();
  const ends: RequestKind[] = [];
  const beside: string[] = [];
  const kinds: RequestKind[] = ['authz', 'newOrder', 'orders', 'orders', 'authz', 'order', 'orders'];
  await Promise.allSettled(
    kinds.map((kind, index) =>
      gate.pass(kind, async () => {
        if (running.size > 0) beside.push(`${kind} beside ${[...running].join()}`);
        running.add(kind);
        await new Promise(setImmediate);
        running.delete(kind);
        ends.push(kind);
        // One that fails is over, too.
        if (index === 2) throw new Error('no answer');
      }),
    ),
  );
  expect(ends).toEqual(kinds);
  expect(beside).toEqual(['newOrder beside authz', 'order beside authz']);
});
