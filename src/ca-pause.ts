import type { ErrorRecord, Problem } from './errors.ts';

/**
 * The page on which a person ends a pause of the CA (Let's Encrypt pauses a name after too many failures); null when a problem is none. Its
 * URL tells, whatever the problem's type: that is `rateLimited` today, and `userActionRequired` is proposed (boulder#7851).
 */
export function unpauseUrl(problem: Pick<Problem, 'detail'> | null | undefined): string | null {
  const detail = problem?.detail ?? '';
  return (
    detail
      .split(/\s/)
      .flatMap((word) => /^https:\/\/[^\s]{1,500}\/unpause\?jwt=[\w.~-]+/.exec(word) ?? [])[0] ?? null
  );
}

/** The page of a stored ERROR; null when it isn't a pause. */
export function pauseOf(lastError: ErrorRecord | null): string | null {
  return lastError === null ? null : unpauseUrl(lastError.problem);
}

/** Which of these names a pause is about: the CA lists some of them in its sentence. */
export function pausedNames(problem: Pick<Problem, 'detail'>, names: readonly string[]): string[] {
  const told = new Set(problem.detail.toLowerCase().split(/[\s,"]+/));
  return names.filter((name) => told.has(name));
}
