import { expect, it } from 'vitest';
import {
  extraWaitSeconds,
  nameServerDelays,
  recordMissed,
  recordSeenByCa,
} from '../../../src/ledger/names/name-server-delays.ts';
import { newLedger, noon } from '../new-ledger.ts';

const servers = 'ns1.example.net ns2.example.net';

/** A ledger, and its clock in minutes after noon. */
async function atNoon() {
  const made = await newLedger();
  const at = (minutes: number): void => {
    made.clock.set(new Date(noon.getTime() + minutes * 60_000));
  };
  return { made, at };
}

it('raises the wait once an hour, however many names miss, and to two minutes at most', async () => {
  const { made, at } = await atNoon();
  const raised: (number | null)[] = [];
  for (const minutes of [0, 0, 1, 59, 61, 122, 183]) {
    at(minutes);
    raised.push(await recordMissed(made, servers));
  }
  expect(raised).toEqual([15, null, null, null, 60, 120, 120]);
  expect(await extraWaitSeconds(made.ledger, servers)).toBe(120);
  expect(await extraWaitSeconds(made.ledger, 'ns9.example.net')).toBe(0);
});

it('learns nothing of a name where others of the servers were proven in the last hour', async () => {
  const { made, at } = await atNoon();
  await recordSeenByCa(made, servers);
  // Of the proofs within the hour only the first is noted.
  at(59);
  await recordSeenByCa(made, servers);
  at(118);
  expect(await recordMissed(made, servers)).toBeNull();
  expect(await nameServerDelays(made.ledger)).toEqual([]);
  at(121);
  expect(await recordMissed(made, servers)).toBe(15);
});

it('takes a quarter away with a proof, once in an hour without a miss', async () => {
  const { made, at } = await atNoon();
  await recordMissed(made, servers);
  const left: number[] = [];
  for (const minutes of [30, 61, 91, 100, 152]) {
    at(minutes);
    await recordSeenByCa(made, servers);
    left.push(await extraWaitSeconds(made.ledger, servers));
  }
  expect(left).toEqual([15, 15, 11, 11, 8]);
});
