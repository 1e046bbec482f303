import type { ErrorRecord } from '../errors.ts';

/**
 * The reason of a failure for a list, where only its beginning may be seen: the CA's own words, where it said
 * any, come before ours.
 */
export function reasonOf(error: ErrorRecord | null): string {
  if (error === null) return '';
  const { problem, message } = error;
  const details = (problem?.subproblems ?? []).map(({ detail }) => detail).filter((detail) => detail !== '');
  const [detail = problem?.detail ?? ''] = details;
  return detail === '' ? message : detail;
}
