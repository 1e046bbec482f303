import { AcmeLedgerError } from '../errors.ts';
import { hookFailure, runHook } from '../system/hook-process.ts';
import { runVariable } from '../system/orphaned-hooks.ts';
import { printable } from '../printable.ts';
import { deployVariables } from './deploy-variables.ts';
import type { StoredCertificate } from './store.ts';

/** Reloading a big web server takes seconds; copying to other machines, minutes. */
const deployTimeoutMs = 5 * 60 * 1000;

export interface Deployment {
  /** A shell command. */
  command: string;
  certificate: StoredCertificate;
  /** The account's e-mail address, for `LEGO_ACCOUNT_EMAIL`; null when it has none. */
  email: string | null;
  /** The run that starts the hook, so that the next run finds it should this one die. */
  runId: string;
  timeoutMs?: number;
}

/**
 * Runs a deploy hook, with the variables that certbot and lego give theirs, so that scripts written for those
 * work.
 * @throws AcmeLedgerError `deploy-hook` when it can't start, fails or takes too long; the signal's reason
 */
export async function runDeployHook(deployment: Deployment, signal: AbortSignal): Promise<void> {
  const { command, certificate, timeoutMs = deployTimeoutMs } = deployment;
  const environment = {
    ...deployEnvironment(certificate, deployment.email),
    [runVariable]: deployment.runId,
  };
  const result = await runHook({ command, args: [], environment, timeoutMs, signal });
  const failure = hookFailure(result, timeoutMs);
  if (failure === null) return;
  const shown = `the deploy hook "${printable(command)}" of ${certificate.name}`;
  throw new AcmeLedgerError('deploy-hook', `${shown} ${failure}`, {
    hint: `the certificate is stored in ${printable(certificate.paths.directory)}; the next run tries the hook again`,
  });
}

function deployEnvironment(certificate: StoredCertificate, email: string | null): Record<string, string> {
  return Object.fromEntries(
    Object.entries(deployVariables).flatMap(([name, { valueOf }]) => {
      const value = valueOf(certificate, email);
      return value === null ? [] : [[name, value]];
    }),
  );
}
