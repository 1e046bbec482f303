import type { Answer, Order } from '../acme/objects/resources.ts';
import type { OrderRow } from '../ledger/schema.ts';
import type { Charge } from './limits/charges.ts';

/** An order that the gate let through. */
export interface AdmittedOrder {
  order: OrderRow;
  /** False: a former attempt left it, and the CA may know it already. */
  isNew: boolean;
  /** What was spent for it at its admission. */
  charges: readonly Charge[];
}

/** An order that the CA knows, in the ledger and as answered. */
export interface PlacedOrder {
  row: OrderRow;
  answer: Answer<Order>;
}
