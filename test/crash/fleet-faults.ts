import { type NamedFault, faultCatalogue } from '../support/misbehaviour/fault-catalogue.ts';

export interface FleetFaultOptions {
  /** How long the slow answer takes. */
  slowMs: number;
  /** Also a challenge POST that the CA never hears of, which its process looks for during three minutes. */
  withLostSubmits: boolean;
}

/** The faults for many processes on one ledger: all of the catalogue, with waits of a second where the CA names a time. */
export function fleetFaults({ slowMs, withLostSubmits }: FleetFaultOptions): NamedFault[] {
  return faultCatalogue({ retryAfterSeconds: 1, serverErrorRetryAfterSeconds: 1, slowMs }).map((fault) => ({
    ...fault,
    appliesTo(request) {
      // Anywhere else it makes all processes wait for a minute, and there is nothing to see but that.
      if (fault.name === '429') return request.kind === 'newOrder';
      if (request.kind === 'challenge' && isSilent(fault) && !withLostSubmits) return false;
      return fault.appliesTo(request);
    },
  }));
}

/** Leaves open whether the CA has heard, and it hasn't. */
function isSilent({ name }: NamedFault): boolean {
  return name === 'dropped' || name.startsWith('500') || name.startsWith('502');
}
