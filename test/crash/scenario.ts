/** What is being done when it is disturbed, and what is done after it. */
export interface Scenario {
  policy: 'deactivate' | 'resume';
  challenge: 'http-01' | 'dns-01';
  /** `issue`: the first certificate, from an empty state directory. `renew`: one stands, and is due. */
  command: 'issue' | 'renew';
  /** `clear`: `authz clear`, and then the ordinary `renew`. */
  afterwards: 'renew' | 'clear';
}

const policies = ['deactivate', 'resume'] as const;
const challenges = ['http-01', 'dns-01'] as const;

export const scenarios: readonly Scenario[] = (['issue', 'renew'] as const).flatMap((command) =>
  policies.flatMap((policy) =>
    challenges.flatMap((challenge) =>
      (['renew', 'clear'] as const).map((afterwards) => ({ policy, challenge, command, afterwards })),
    ),
  ),
);

/** Such as `deactivate/http-01/issue/clear`. */
export function nameOf({ policy, challenge, command, afterwards }: Scenario): string {
  return [policy, challenge, command, afterwards].join('/');
}
