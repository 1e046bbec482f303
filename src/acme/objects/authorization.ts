import { printable } from '../../printable.ts';
import {
  dateOf,
  fieldsOf,
  listOf,
  requiredFields,
  textOf,
  unreadable,
  urlOf,
  type Fields,
} from './fields.ts';
import { identifierOf } from './order.ts';
import { parseProblem } from './problems.ts';
import type { Authorization, Challenge } from './resources.ts';

const statuses = [
  'pending',
  'valid',
  'invalid',
  'deactivated',
  'expired',
  'revoked',
] as const satisfies Authorization['status'][];

/** RFC 8555 §7.1.4. @throws AcmeLedgerError `ca-answer` for an unknown status or an identifier that is neither dns nor ip */
export function parseAuthorization(data: unknown, url: string): Authorization {
  const fields = requiredFields(data, 'authorization');
  const [identifier] = identifierOf(fields['identifier']);
  if (identifier === undefined) throw unreadable('authorization', 'is for no domain name and no IP address');
  // §7.1.4: the value never carries "*."; some CAs leave it there.
  const starred = identifier.value.startsWith('*.');
  return {
    url,
    status: statusOf(fields['status']),
    expiresAt: dateOf(fields['expires']),
    identifier: starred ? { ...identifier, value: identifier.value.slice(2) } : identifier,
    wildcard: starred || fields['wildcard'] === true,
    challenges: listOf(fields['challenges']).flatMap((each) => challengeOf(each, url)),
  };
}

/** RFC 8555 §8: the answer to a challenge's POST. @throws AcmeLedgerError `ca-answer` */
export function parseChallenge(data: unknown, url: string): Challenge {
  const [challenge] = challengeOf(data, url);
  if (challenge === undefined) throw unreadable('challenge', 'has no type');
  return { ...challenge, url };
}

/** None for what has no type or no URL: nothing could be done with it, and the other challenges still stand. */
function challengeOf(value: unknown, base: string): Challenge[] {
  const fields = fieldsOf(value);
  const url = urlOf(fields?.['url'], base) ?? null;
  const type = textOf(fields?.['type']);
  if (fields === null || url === null || type === null) return [];
  return [
    {
      url,
      type,
      status: challengeStatusOf(fields),
      token: tokenOf(fields['token']),
      ...(type === 'dns-persist-01' ? persistFieldsOf(fields) : {}),
      error: parseProblem(fields['error']),
    },
  ];
}

/**
 * A status that RFC 8555 §7.1.6 doesn't know is read as `processing`: such a challenge is neither submitted nor taken for decided,
 * the authorization's own status tells. A missing one is `pending`: nothing has happened to it yet.
 */
function challengeStatusOf(fields: Fields): Challenge['status'] {
  const status = fields['status'];
  if (status === 'pending' || status === 'valid' || status === 'invalid') return status;
  return status === undefined ? 'pending' : 'processing';
}

/** RFC 8555 §8.3: base64url and nothing else; it becomes a file name, so anything else is no token. */
function tokenOf(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,512}$/.test(value) ? value : null;
}

const mostIssuers = 10;

/** draft-ietf-acme-dns-persist, "Challenge Object": a list that is empty, or longer, is malformed. */
function persistFieldsOf(fields: Fields): Pick<Challenge, 'issuerDomainNames' | 'accountUri'> {
  const names = listOf(fields['issuer-domain-names']).flatMap((each) => textOf(each) ?? []);
  const isFit = names.length > 0 && names.length <= mostIssuers;
  const accountUri = textOf(fields['accounturi']);
  return {
    ...(isFit ? { issuerDomainNames: names.map((name) => name.toLowerCase().replace(/\.$/, '')) } : {}),
    ...(accountUri === null ? {} : { accountUri }),
  };
}

function statusOf(value: unknown): Authorization['status'] {
  const status = statuses.find((each) => each === value);
  if (status !== undefined) return status;
  throw unreadable(
    'authorization',
    `has the status "${printable(String(value).slice(0, 40))}", which RFC 8555 §7.1.6 doesn't know`,
  );
}
