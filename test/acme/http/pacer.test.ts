import { expect, it } from 'vitest';
import type { HttpAnswer } from '../../../src/acme/http/exchange.ts';
import { letsEncryptLimits, letsEncryptStagingLimits } from '../../../src/acme/authorities/limits.ts';
import { pacedTransport } from '../../../src/acme/http/pacer.ts';
import type { Directory } from '../../../src/acme/objects/resources.ts';
import type { Pace } from '../../../src/ca-limits.ts';

const directory = { newNonce: 'https://ca.test/nonce', newOrder: 'https://ca.test/order' } as Directory;

/** Sends these at once; gives how many milliseconds after the first each was sent. */
async function sentAt(pace: Pace, urls: readonly string[]): Promise<number[]> {
  const sent: number[] = [];
  const waits: { atMs: number; wake: () => void }[] = [];
  let nowMs = 1_000_000;
  const clock = {
    now: () => new Date(nowMs),
    wallNow: () => new Date(nowMs),
    sleep: (ms: number) =>
      new Promise<void>((wake) => {
        waits.push({ atMs: nowMs + ms, wake });
      }),
  };
  const inner = {
    send: () => {
      sent.push(Math.round(nowMs - 1_000_000));
      return Promise.resolve({} as HttpAnswer);
    },
    close: () => undefined,
  };
  const paced = pacedTransport(inner, pace, clock, () => directory);
  const all = Promise.all(urls.map((url) => paced.send({ url, method: 'POST', headers: {} })));
  while (sent.length < urls.length) {
    await new Promise((resolve) => setImmediate(resolve));
    const next = waits.sort((one, other) => one.atMs - other.atMs).shift();
    if (next === undefined) continue;
    nowMs = Math.max(nowMs, next.atMs);
    next.wake();
  }
  await all;
  return sent;
}

const many = (count: number, url: string): string[] => Array<string>(count).fill(url);

it.each([
  ["Let's Encrypt's newNonce", letsEncryptLimits.pace, many(15, directory.newNonce), 10, 50],
  ["Let's Encrypt", letsEncryptLimits.pace, many(150, 'https://ca.test/authz/1'), 125, 4],
  ['its staging', letsEncryptStagingLimits.pace, many(30, 'https://ca.test/authz/1'), 20, 50],
  ["its staging's newOrder", letsEncryptStagingLimits.pace, many(45, directory.newOrder), 20, 50],
])('asks %s no faster than it lets one address', async (_, pace, urls, burst, everyMs) => {
  const sent = await sentAt(pace, urls);
  expect(sent.slice(0, burst)).toEqual(many(burst, '').map(() => 0));
  expect(sent.slice(burst)).toEqual(
    many(urls.length - burst, '').map((_each, index) => (index + 1) * everyMs),
  );
});

it('holds up nothing where no rate is known', async () => {
  const pace = { everything: null, newNonce: null, newOrder: null };
  expect(await sentAt(pace, many(50, directory.newOrder))).toEqual(many(50, '').map(() => 0));
});
