import type { CheckView } from './seen-from-here.ts';
import type { Resolver } from './dns/resolver.ts';
import { type Found, found } from './finding.ts';

/** What the checks of all names of one run share. */
export interface CheckParts {
  view: CheckView;
  resolver: Resolver;
  machine: MachineLimits;
  reach: Reach;
  signal: AbortSignal;
}

/** The addresses that were connected to, or not, by all names of a run. */
export interface Reach {
  connected: number;
  silent: Set<string>;
}

/** The parts of the check that this machine turned out not to be able to make. */
export class MachineLimits {
  readonly #notes = new Map<string, string>();

  /** @param what a word for it; it is told once */
  note(what: string, message: string): void {
    this.#notes.set(what, message);
  }

  noteNoIpv6(): void {
    this.note('ipv6', 'this machine has no way to IPv6 addresses: they were not looked at');
  }

  get found(): Found[] {
    return [...this.#notes.values()].map((message) => found('not-looked', message));
  }
}
