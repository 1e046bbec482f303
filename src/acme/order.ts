import { comparableName, type Identifier } from '../identifiers.ts';
import { printable } from '../printable.ts';
import {
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

const statuses: readonly string[] = [
  'pending',
  'ready',
  'processing',
  'valid',
  'invalid',
] satisfies Order['status'][];

/** RFC 8555 §7.1.3. @throws AcmeLedgerError `ca-answer` for a status that isn't RFC 8555's, a URL that is missing or can't be asked */
export function parseOrder(data: unknown, url: string): Order {
  const fields = requiredFields(data, 'order');
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
    finalizeUrl: requiredUrl(fields['finalize'], 'order', 'finalize', url),
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
  if (typeof value === 'string' && statuses.includes(value)) return value as Order['status'];
  // Pebble up to 2.7 shows an order with a deactivated authorization so; RFC 8555 §7.1.6 has "invalid" for it.
  if (value === 'deactivated') return 'invalid';
  throw unreadable(
    'order',
    `has the status "${printable(String(value)).slice(0, 40)}", which RFC 8555 §7.1.6 doesn't know`,
  );
}
