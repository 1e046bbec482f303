import { expect, it } from 'vitest';
import { hostileAttempts } from './hostile-attempts.ts';

/* HOSTILE_SEED repeats a campaign, HOSTILE_FROM and HOSTILE_TO a part of it; HOSTILE_JOBS of them run at once. */

const seed = Number(process.env['HOSTILE_SEED'] ?? Math.floor(Math.random() * 1e6));
const [from, to] = [Number(process.env['HOSTILE_FROM'] ?? 0), Number(process.env['HOSTILE_TO'] ?? 2_000)];
const jobs = Number(process.env['HOSTILE_JOBS'] ?? 4);

it(
  'a CA that answers anything at all gets exit codes, messages and an account of the contract',
  { timeout: 0 },
  async () => {
    process.stdout.write(`HOSTILE_SEED=${seed}\n`);
    const { made, broken } = await hostileAttempts({ seed, from, to, jobs });
    expect(broken).toEqual([]);
    expect(made).toBe(to - from);
  },
);
