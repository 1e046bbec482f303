import { expect, it } from 'vitest';
import { UrlSet } from '../../src/system/url-set.ts';

const urlOf = (id: number): string => `https://ca.test/acme/authz/2445063657/${500_000_000_000 + id}`;

it('a set of URLs knows those that were added, each once, and no other', () => {
  const set = new UrlSet();
  const added = Array.from({ length: 5_000 }, (_, id) => set.add(urlOf(id * 2)));
  expect(added).not.toContain(false);
  expect(set.size).toBe(5_000);
  for (let id = 0; id < 10_000; id += 1) expect(set.has(urlOf(id)), urlOf(id)).toBe(id % 2 === 0);
  expect(set.add(urlOf(0))).toBe(false);
  expect(set.size).toBe(5_000);
});

it('a set of URLs keeps 50 bytes of each at most, outside of the heap, however long it is', () => {
  const set = new UrlSet();
  const before = process.memoryUsage().arrayBuffers;
  for (let id = 0; id < 20_000; id += 1) set.add(`${urlOf(id)}/${'x'.repeat(1_000)}`);
  const { arrayBuffers } = process.memoryUsage();
  // What it grew out of may not have been collected yet: as much again.
  expect(arrayBuffers - before).toBeLessThan(2 * 50 * 20_000);
});
