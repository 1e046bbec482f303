/** Why an order isn't let through, as far as a person is told who looks on. */
interface Refused {
  outcome: 'admitted' | 'taken-up' | 'busy' | 'held' | 'limit' | 'full';
  count?: { pending: number; reserved: number };
}

/** What an order waits for at the gate; null while it doesn't. */
export function waitText(refused: Refused | null, maxPending: number): string | null {
  switch (refused?.outcome) {
    case 'full': {
      const { pending = 0, reserved = 0 } = refused.count ?? {};
      return `looking for room: ${String(pending + reserved)} of ${String(maxPending)} open`;
    }
    case 'busy':
      return 'waiting for another run, which works on the same names';
    case 'held':
    case 'limit':
      return 'waiting for a limit of the CA';
    case 'admitted':
    case 'taken-up':
    case undefined:
      return null;
  }
}
