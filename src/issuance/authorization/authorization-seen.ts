import type { Authorization } from '../../acme/objects/resources.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import type { AuthorizationSeen } from '../../ledger/authorizations/authorizations.ts';

/**
 * An authorization that the CA showed, as the ledger records it; an invalid one with its challenge's error.
 */
export function authorizationSeen(authorization: Authorization): AuthorizationSeen {
  const error = authorizationError(authorization);
  return {
    url: authorization.url,
    status: authorization.status,
    identifier: { ...authorization.identifier, wildcard: authorization.wildcard },
    expiresAt: authorization.expiresAt,
    ...(error === null ? {} : { error: errorRecord(error) }),
  };
}

/** Why an authorization is invalid, in the CA's words (RFC 8555 §8: the challenge's `error`), or null. */
export function authorizationError(authorization: Authorization): AcmeLedgerError | null {
  if (authorization.status !== 'invalid') return null;
  const problem = authorization.challenges.find((challenge) => challenge.error !== null)?.error ?? null;
  const name = authorization.wildcard
    ? `*.${authorization.identifier.value}`
    : authorization.identifier.value;
  return new AcmeLedgerError(
    'authorization-invalid',
    `${name}: ${problem === null ? 'the CA found the authorization invalid and gave no reason' : problem.detail}`,
    {
      hint: 'mend what the CA complains of, then run the command again; each failed validation counts against the name at some CAs',
      ...(problem === null ? {} : { problem }),
    },
  );
}
