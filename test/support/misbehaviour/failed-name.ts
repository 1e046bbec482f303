import type { SeenRequest } from '../acme-request.ts';
import type { CountedAuthorization } from '../authorization-census.ts';

/** The name as it was ordered: a wildcard has counts of its own. `undefined` until the authorization was shown. */
export function orderedName({ identifier, isWildcard }: CountedAuthorization): string | undefined {
  return isWildcard && identifier !== undefined ? `*.${identifier.value}` : identifier?.value;
}

/**
 * Whose failure the end of an authorization is at Boulder: a failed validation, and, if they count, a deactivation while it was
 * pending. `undefined` when nothing failed.
 */
export function failedName(
  authorization: CountedAuthorization,
  { kind }: SeenRequest,
  countsDeactivations: boolean,
): string | undefined {
  const { status } = authorization;
  const wasDeactivated = kind === 'deactivate' && status === 'deactivated';
  return status === 'invalid' || (wasDeactivated && countsDeactivations)
    ? orderedName(authorization)
    : undefined;
}
