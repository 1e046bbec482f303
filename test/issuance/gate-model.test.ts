import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertKeptThroughFaults, assertNothingLeftInCalm } from './gate-model-property.ts';
import { type ModelGround, newModelGround } from './gate-model-world.ts';

/* A sample of what `npm run test:crash` looks through at length. */

const worlds = 25;

let ground: ModelGround;

beforeAll(async () => {
  ground = await newModelGround();
});

afterAll(() => ground.remove());

describe('the gate and the ledger', { timeout: 120_000 }, () => {
  it('keep their promises whatever processes do, die of, and meet at the CA', async () => {
    const figures = await assertKeptThroughFaults(ground, worlds);
    expect(figures.worlds).toBe(worlds);
    expect(figures.deaths).toBeGreaterThan(0);
  });

  it('leave nothing open where nothing fails', async () => {
    const figures = await assertNothingLeftInCalm(ground, worlds);
    expect(figures.worlds).toBe(worlds);
    expect(figures.mostOpen).toBeGreaterThan(0);
  });
});
