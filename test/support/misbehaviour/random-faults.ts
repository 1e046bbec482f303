import type { SeenRequest } from '../acme-request.ts';
import type { Fault } from '../fault.ts';
import type { NamedFault } from './fault-catalogue.ts';

export interface RandomFaultOptions {
  catalogue: NamedFault[];
  /** Of the requests, from 0 to 1. */
  share: number;
  /** The same seed makes the same choices, as long as the requests come in the same order. */
  seed: number;
}

/** A fault hook, and what it has done. */
export interface RandomFaults {
  hook: (request: SeenRequest) => Fault | undefined;
  /** How many faults there were, by name. */
  counts: Map<string, number>;
}

/** Lets a share of all requests go wrong, each in one way of the catalogue, all of which are as likely as the others. */
export function randomFaults({ catalogue, share, seed }: RandomFaultOptions): RandomFaults {
  const random = randomNumbers(seed);
  const counts = new Map(catalogue.map(({ name }) => [name, 0]));
  return {
    counts,
    hook(request) {
      if (random() >= share) return undefined;
      const fitting = catalogue.filter((fault) => fault.appliesTo(request));
      const chosen = fitting[Math.floor(random() * fitting.length)];
      if (chosen === undefined) return undefined;
      counts.set(chosen.name, (counts.get(chosen.name) ?? 0) + 1);
      return chosen.fault(request);
    },
  };
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
