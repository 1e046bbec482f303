import type { Answer, Order } from '../acme/objects/resources.ts';
import type { OrderRow } from '../ledger/schema.ts';
import type { Charge } from './limits/charges.ts';

/** An order that the gate let through. */
export interface AdmittedOrder {
  order: OrderRow;
  /** False: an earlier attempt left the order, and the CA may know it already. */
  isNew: boolean;
  /** The tokens that were spent for the order at its admission. */
  charges: readonly Charge[];
}

/** An order that the CA knows, as in the ledger and as the CA last answered. */
export interface PlacedOrder {
  row: OrderRow;
  answer: Answer<Order>;
}
