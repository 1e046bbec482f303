import type { Fault } from '../support/fault.ts';
import type { ProgramResult } from '../support/program.ts';
import type { Customer } from './crash-lab.ts';

/** What happens at one point of a run. */
export interface Disturbance {
  name: string;
  /** What is counted: moments in the program, or requests at the CA. */
  at: 'point' | 'request';
  /** Makes it happen at the n-th, from 1. @returns what the program's environment needs */
  arrange(customer: Customer, n: number): Record<string, string>;
  /** Whether a disturbed run may end like this. */
  mayEndWith(result: ProgramResult): boolean;
}

function signalAtPoint(signal: 'SIGKILL' | 'SIGTERM'): Disturbance {
  return {
    name: signal,
    at: 'point',
    arrange: (_, n) => ({ CRASH_AT: String(n), CRASH_SIGNAL: signal }),
    // 0: the point never came, or nothing was left to interrupt.
    mayEndWith: ({ exitCode, ...result }) =>
      exitCode === 0 || (signal === 'SIGKILL' ? result.signal === signal : exitCode === 143),
  };
}

function faultAtRequest(name: string, fault: Fault): Disturbance {
  return {
    name,
    at: 'request',
    arrange: ({ proxy }, n) => {
      let seen = 0;
      proxy.setFault(() => ((seen += 1) === n ? fault : undefined));
      return {};
    },
    mayEndWith: ({ exitCode }) => exitCode !== null && [0, 1, 2, 75].includes(exitCode),
  };
}

export const disturbances: readonly Disturbance[] = [
  signalAtPoint('SIGKILL'),
  signalAtPoint('SIGTERM'),
  faultAtRequest('drop', { type: 'drop' }),
  faultAtRequest('lose-answer', { type: 'lose-answer' }),
];
