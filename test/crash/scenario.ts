/** What is being done when it is disturbed, and what is done after it. */
export interface Scenario {
  policy: 'deactivate' | 'resume';
  /** `both`: names of one order that are proven each its own way, by two solvers of the configuration. */
  challenge: 'http-01' | 'dns-01' | 'both';
  /** `issue`: the first certificate, from an empty state directory. `renew`: one stands, and is due. */
  command: 'issue' | 'renew';
  /** `clear`: `authz clear`, and then the ordinary `renew`. */
  afterwards: 'renew' | 'clear';
}

const policies = ['deactivate', 'resume'] as const;
const challenges = ['http-01', 'dns-01'] as const;

/** A run goes through the same points with two solvers; what is up is told apart at each of them. */
const withTwoSolvers: readonly Scenario[] = [
  { policy: 'deactivate', challenge: 'both', command: 'issue', afterwards: 'renew' },
  { policy: 'resume', challenge: 'both', command: 'renew', afterwards: 'clear' },
];

const withOneSolver = (['issue', 'renew'] as const).flatMap((command): Scenario[] =>
  policies.flatMap((policy) =>
    challenges.flatMap((challenge) =>
      (['renew', 'clear'] as const).map((afterwards) => ({ policy, challenge, command, afterwards })),
    ),
  ),
);

export const scenarios: readonly Scenario[] = [...withOneSolver, ...withTwoSolvers];

/** Such as `deactivate/http-01/issue/clear`. */
export function nameOf({ policy, challenge, command, afterwards }: Scenario): string {
  return [policy, challenge, command, afterwards].join('/');
}
