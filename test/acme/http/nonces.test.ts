import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NoncePool } from '../../../src/acme/http/nonces.ts';
import { AcmeLedgerError } from '../../../src/errors.ts';
import { madeUpClock } from '../made-up-clock.ts';

function poolOf(maxInFlight?: number) {
  const clock = madeUpClock('2026-01-01T00:00:00Z');
  let made = 0;
  const fetchNonce = async (): Promise<string> => {
    made += 1;
    await turn();
    return `fetched-${made}-${Math.random().toString(36).slice(2)}`;
  };
  return { clock, fetched: () => made, pool: new NoncePool({ fetchNonce, clock, maxInFlight }) };
}

test('an answer gives back the nonce that its request used up: one is fetched for any number of requests in a row', async () => {
  const { pool, fetched } = poolOf();
  const used: string[] = [];
  for (let n = 0; n < 50; n += 1) {
    used.push(await pool.take());
    pool.giveBack(`answer-${n}`);
  }
  expect(fetched()).toBe(1);
  expect(new Set(used).size).toBe(50);
});

test('a hundred requests at once fetch ten nonces, and the rest wait for theirs in turn', async () => {
  const { pool, fetched } = poolOf();
  const order: number[] = [];
  let atOnce = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      await pool.take();
      order.push(n);
      most = Math.max(most, (atOnce += 1));
      await turn();
      atOnce -= 1;
      pool.giveBack(`answer-${n}`);
    }),
  );
  expect(fetched()).toBe(10);
  expect(most).toBe(10);
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

test('whatever answers bring, no nonce is handed out twice and no place is lost', async () => {
  const answers = fc.array(fc.constantFrom('fresh', 'none', 'repeated', 'not base64url'), { maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(answers, fc.integer({ min: 1, max: 4 }), async (brought, limit) => {
      const { pool } = poolOf(limit);
      const used: string[] = [];
      await Promise.all(
        brought.map(async (kind, n) => {
          const nonce = await pool.take();
          used.push(nonce);
          await turn();
          const next = { fresh: `answer-${n}`, none: undefined, repeated: nonce, 'not base64url': 'a b' }[
            kind
          ];
          pool.giveBack(next);
        }),
      );
      expect(new Set(used).size).toBe(brought.length);
      // RFC 8555 §6.5.1: a nonce that isn't base64url is ignored.
      expect(used).not.toContain('a b');
    }),
    { numRuns: 50 },
  );
});

test('a nonce that lay in the pool for more than five minutes is not used', async () => {
  const { pool, fetched, clock } = poolOf();
  await pool.take();
  pool.giveBack('old');
  clock.pass(4 * 60_000);
  expect(await pool.take()).toBe('old');
  pool.giveBack('older');
  clock.pass(6 * 60_000);
  expect(await pool.take()).not.toBe('older');
  expect(fetched()).toBe(2);
});

test('a request that stops waiting leaves its place to the next', async () => {
  const { pool } = poolOf(1);
  await pool.take();
  const controller = new AbortController();
  const leaves = pool.take(controller.signal);
  const stays = pool.take();
  controller.abort(new Error('enough'));
  await expect(leaves).rejects.toThrow('enough');
  pool.giveBack('next');
  expect(await stays).toBe('next');
});

test('a newNonce that fails frees its place for a request that waits', async () => {
  let calls = 0;
  const fetchNonce = (): Promise<string> => {
    calls += 1;
    return calls === 1 ? turn().then(() => Promise.reject(new Error('down'))) : Promise.resolve(`n${calls}`);
  };
  const pool = new NoncePool({ fetchNonce, clock: madeUpClock('2026-01-01T00:00:00Z'), maxInFlight: 1 });
  const [first, second] = await Promise.allSettled([pool.take(), pool.take()]);
  expect(first.status).toBe('rejected');
  expect(second).toEqual({ status: 'fulfilled', value: 'n2' });
});

test('a newNonce that repeats itself, as from a cache, is an error and not a loop', async () => {
  const pool = new NoncePool({
    fetchNonce: () => Promise.resolve('same'),
    clock: madeUpClock('2026-01-01T00:00:00Z'),
  });
  expect(await pool.take()).toBe('same');
  await expect(pool.take()).rejects.toSatisfy(
    (error) => error instanceof AcmeLedgerError && error.code === 'ca-answer',
  );
});
