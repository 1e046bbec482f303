/** What becomes of a certificate one of whose names can't be proven: `--on-failed-name`. */
export const failedNamePolicies = ['fail', 'drop'] as const;

export type FailedNamePolicy = (typeof failedNamePolicies)[number];

/** `--name-hook`: a shell command, and where it is run. */
export interface NameHook {
  command: string;
  directory: string;
}

const dayMs = 86_400_000;

/** `--suspend-after`: Let's Encrypt pauses a name after 1,152 failures in a row; one a day for as long is far from it. */
export const usualSuspendMs = 10 * dayMs;

/** `--probe-every`: a mended name waits an hour at the most, and a dead zone's hook runs no more than 24 times a day. */
export const usualProbeEveryMs = 3_600_000;

/** What becomes of a pending authorization whose challenge was never submitted: `--on-unsubmitted`. */
export type UnsubmittedPolicy = 'deactivate' | 'resume';
