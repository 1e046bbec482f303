import { AcmeLedgerError } from '../../errors.ts';
import { comparableName, type Identifier } from '../../identifiers.ts';
import { printable } from '../../printable.ts';
import {
  type Fields,
  dateOf,
  fieldsOf,
  listOf,
  requiredFields,
  requiredUrl,
  textOf,
  unreadable,
  urlOf,
} from './fields.ts';
import { parseProblem } from './problems.ts';
import type { Order } from './resources.ts';

const statuses = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const satisfies Order['status'][];

/**
 * RFC 8555 §7.1.3.
 * @throws AcmeLedgerError `ca-answer` for a status that isn't RFC 8555's, or an authorization URL that can't be asked; for a JSON object
 *   `unusableOrder` has what it tells all the same
 */
export function parseOrder(data: unknown, url: string): Order {
  const fields = requiredFields(data, 'order');
  try {
    const order = orderOf(fields, url);
    // An order without authorizations: nothing could ever make it ready.
    if (order.status === 'pending' && order.authorizationUrls.length === 0)
      throw unreadable('order', 'is pending and has no authorizations');
    return order;
  } catch (error) {
    throw withOrder(error, { url, authorizationUrls: authorizationUrlsIn(data, url) });
  }
}

/** An order that can't be worked with, and that the CA has all the same, as far as the answer tells it. */
export interface UnusableOrder {
  /** Null when the CA didn't say it. */
  url: string | null;
  /** The URLs that can be read. */
  authorizationUrls: string[];
}

/** Whether the CA made an order of which nothing could be written down, as if its answer had been lost. */
export function isOrderLost(error: unknown): boolean {
  const order = unusableOrder(error);
  return order !== null && (order.url === null || order.authorizationUrls.length === 0);
}

/** The order that an error's answer was about; null for any other error. */
export function unusableOrder(error: unknown): UnusableOrder | null {
  return error instanceof AcmeLedgerError && error.cause instanceof OrderWithin ? error.cause.order : null;
}

/** The error with what is known of the order whose answer it is about. */
export function withOrder(error: unknown, order: UnusableOrder): unknown {
  if (!(error instanceof AcmeLedgerError)) return error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  return new AcmeLedgerError(error.code, error.message, { ...hint, cause: new OrderWithin(order) });
}

class OrderWithin extends Error {
  readonly order: UnusableOrder;

  constructor(order: UnusableOrder) {
    super('an order that cannot be worked with');
    this.order = order;
  }
}

/** The authorizations that an order's answer names, as far as they can be asked for. */
export function authorizationUrlsIn(data: unknown, url: string | undefined): string[] {
  return [...new Set(listOf(fieldsOf(data)?.['authorizations']).flatMap((each) => urlOf(each, url) ?? []))];
}

function orderOf(fields: Fields, url: string): Order {
  return {
    url,
    status: statusOf(fields['status']),
    expiresAt: dateOf(fields['expires']),
    identifiers: listOf(fields['identifiers']).flatMap(identifierOf),
    profile: textOf(fields['profile']),
    replaces: textOf(fields['replaces']),
    authorizationUrls: [
      ...new Set(
        listOf(fields['authorizations']).map((each) => requiredUrl(each, 'order', 'authorization', url)),
      ),
    ],
    finalizeUrl: urlOf(fields['finalize'], url),
    certificateUrl: urlOf(fields['certificate'], url),
    error: parseProblem(fields['error']),
  };
}

/** An identifier in the form in which it is compared with what was asked for; none when it isn't of a known type. */
export function identifierOf(value: unknown): Identifier[] {
  const fields = fieldsOf(value);
  const type = fields?.['type'];
  const name = textOf(fields?.['value']);
  return (type === 'dns' || type === 'ip') && name !== null ? [{ type, value: comparableName(name) }] : [];
}

function statusOf(value: unknown): Order['status'] {
  const status = statuses.find((each) => each === value);
  if (status !== undefined) return status;
  // Pebble up to 2.7 shows an order with a deactivated authorization so; RFC 8555 §7.1.6 has "invalid" for it.
  if (value === 'deactivated') return 'invalid';
  throw unreadable(
    'order',
    `has the status "${printable(String(value).slice(0, 40))}", which RFC 8555 §7.1.6 doesn't know`,
  );
}
