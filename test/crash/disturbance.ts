import { type NamedFault, faultCatalogue } from '../support/misbehaviour/fault-catalogue.ts';
import type { ProgramResult } from '../support/program.ts';
import type { Customer } from './crash-lab.ts';
import type { Track } from './track.ts';

/** What happens at one point of a run. */
export interface Disturbance {
  name: string;
  /** What the program is left with: dead at once, told to end, or a CA that misbehaves. */
  kind: 'kill' | 'signal' | 'fault';
  /** Makes it happen at the n-th point, from 1. @returns what the program's environment needs */
  arrange(customer: Customer, n: number): Record<string, string>;
  /** The points of a run: moments in the program, or requests that can go wrong like this. */
  points(track: Track): string[];
  /** Whether a disturbed run may end like this. */
  mayEndWith(result: ProgramResult): boolean;
}

// Each runs into the program's own time-out, and what it waits for is done by then.
const slowMs = 31_000;

export const disturbances: readonly Disturbance[] = [
  signalAtPoint('SIGKILL'),
  signalAtPoint('SIGTERM'),
  ...faultCatalogue({ slowMs }).map(faultAtRequest),
];

function signalAtPoint(signal: 'SIGKILL' | 'SIGTERM'): Disturbance {
  return {
    name: signal,
    kind: signal === 'SIGKILL' ? 'kill' : 'signal',
    arrange: (_, n) => ({ CRASH_AT: String(n), CRASH_SIGNAL: signal }),
    points: ({ moments }) => moments,
    // 0: the point never came, or nothing was left to interrupt.
    mayEndWith: ({ exitCode, ...result }) =>
      exitCode === 0 || (signal === 'SIGKILL' ? result.signal === signal : exitCode === 143),
  };
}

function faultAtRequest(named: NamedFault): Disturbance {
  return {
    name: named.name,
    kind: 'fault',
    arrange: ({ proxy }, n) => {
      let seen = 0;
      proxy.setFault((request) => {
        if (!named.appliesTo(request)) return undefined;
        seen += 1;
        return seen === n ? named.fault(request) : undefined;
      });
      return {};
    },
    points: ({ requests }) => requests.filter((one) => named.appliesTo(one)).map(({ kind }) => kind),
    mayEndWith: ({ exitCode }) => exitCode !== null && [0, 1, 2, 75].includes(exitCode),
  };
}
