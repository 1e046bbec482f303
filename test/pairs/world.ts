import { boulder } from '../support/misbehaviour/boulder.ts';
import type { CaRule } from '../support/ruled-ca.ts';

/** How the CA is, and what the account's policy is. */
export interface World {
  name: string;
  /** Rules of the CA beside Pebble's own; new for each customer. */
  rules(): CaRule[];
  policy: 'deactivate' | 'resume';
}

export const worlds: readonly World[] = [
  { name: 'plain', rules: () => [], policy: 'deactivate' },
  // newOrder hands a pending order back to whoever asks for the same names on the account, as Boulder does.
  { name: 'reuse', rules: () => boulder({ ordersList: true }).rules, policy: 'deactivate' },
  { name: 'boulder', rules: () => boulder().rules, policy: 'resume' },
];
