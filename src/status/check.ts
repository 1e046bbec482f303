import { isLost } from '../ledger/states.ts';
import { counted } from '../printable.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { Concerns } from './certificate-figures.ts';

/** The states of a check, with the exit codes by which Nagios and its like know them. */
export const checkStates = { ok: 0, warning: 1, critical: 2 } as const;

export interface Check {
  state: keyof typeof checkStates;
  /** The reasons in words, the gravest first; empty when all is well. */
  reasons: string[];
}

/**
 * What a monitor is to know: whether a certificate ends soon (critical), or one fails, waits for longer than
 * it can, or has no account left at its CA (warning).
 */
export function checkOf(accounts: readonly AccountRow[], concerns: Concerns): Check {
  const forOrders = accounts.filter(({ purpose }) => purpose === 'orders');
  const inUse = new Set(forOrders.filter((account) => !isLost(account)).map(({ ca }) => ca));
  const known = new Set(forOrders.map(({ ca }) => ca));
  const { failing, waitingTooLong, endingSoon, authorities } = concerns;
  const critical = reason(endingSoon, ['ends soon', 'end soon']);
  const warnings = [
    ...reason(failing, ['fails', 'fail']),
    ...reason(waitingTooLong, ['waits too long', 'wait too long']),
    ...[...known]
      .filter((ca) => authorities.has(ca) && !inUse.has(ca))
      .map((ca) => `the account at ${ca} can't be used any more`),
  ];
  const state = critical.length > 0 ? 'critical' : warnings.length > 0 ? 'warning' : 'ok';
  return { state, reasons: [...critical, ...warnings] };
}

const namedMost = 3;

function reason(names: readonly string[], [ofOne, ofSeveral]: [string, string]): string[] {
  if (names.length === 0) return [];
  const what = names.length === 1 ? ofOne : ofSeveral;
  const more = names.length > namedMost ? ', …' : '';
  return [`${counted(names.length, 'certificate')} ${what} (${names.slice(0, namedMost).join(', ')}${more})`];
}
