import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertKeptThroughFaults, assertNothingLeftInCalm } from '../issuance/gate-model-property.ts';
import { type ModelGround, newModelGround } from '../issuance/gate-model-world.ts';

/* GATE_MODEL_WORLDS says how many worlds are tried. A failure prints its seed and path for GATE_MODEL_SEED and GATE_MODEL_PATH. */

const worlds = Number(process.env['GATE_MODEL_WORLDS'] ?? 2_000);

let ground: ModelGround;

beforeAll(async () => {
  ground = await newModelGround();
});

afterAll(() => ground.remove());

describe('the gate and the ledger', { timeout: 0 }, () => {
  it.for([
    ['keep their promises whatever processes do, die of, and meet at the CA', assertKeptThroughFaults],
    ['leave nothing open where nothing fails', assertNothingLeftInCalm],
  ] as const)('%s', async ([, assertKept]) => {
    const figures = await assertKept(ground, worlds);
    process.stdout.write(`\n${JSON.stringify(figures)}\n`);
    expect(figures.worlds).toBe(worlds);
  });
});
