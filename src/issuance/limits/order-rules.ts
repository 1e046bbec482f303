import { AcmeLedgerError } from '../../errors.ts';
import { fitOf, type PlacedPattern } from '../../name-pattern.ts';
import { printable } from '../../printable.ts';

/** The configuration's rules about which names an order may have. */
export interface OrderRules {
  /** Names that no order may name. */
  neverOrder: readonly PlacedPattern[];
  /** How many new names under one registered domain a day may have without being asked for; null: any number. */
  maxNewNamesPerDomain: number | null;
}

/**
 * The refusal of an order that the configuration forbids; null where it may be made.
 * @param code `usage` where a person types the name, `order-rule` where it waits for the configuration to change
 */
export function forbidden(
  names: readonly string[],
  { neverOrder }: OrderRules,
  code: 'usage' | 'order-rule',
): AcmeLedgerError | null {
  for (const name of names) {
    const pattern = neverOrder.find((one) => fitOf(one, name) !== null);
    if (pattern === undefined) continue;
    const message = `no order may name ${printable(name)}: neverOrder has ${pattern.text} (${pattern.place})`;
    return new AcmeLedgerError(code, `${message}; nothing was sent`, {
      hint: `leave the name out, or take ${pattern.text} out of neverOrder`,
    });
  }
  return null;
}
