import { AcmeLedgerError } from '../errors.ts';
import { hookFailure, runHook } from '../system/hook-process.ts';
import { runVariable } from '../system/orphaned-hooks.ts';
import { printable } from '../printable.ts';
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

/** The variables of certbot (its documentation, "Renewing certificates"), of lego 5 and, by their old names, of lego 4. */
function deployEnvironment(certificate: StoredCertificate, email: string | null): Record<string, string> {
  const { name, names, keyType, paths } = certificate;
  return {
    RENEWED_DOMAINS: names.join(' '),
    RENEWED_LINEAGE: paths.directory,
    LEGO_HOOK_CERT_NAME: name,
    LEGO_HOOK_CERT_NAME_SANITIZED: name,
    LEGO_HOOK_CERT_DOMAINS: names.join(','),
    LEGO_HOOK_CERT_PATH: paths.fullchain,
    LEGO_HOOK_ISSUER_CERT_PATH: paths.chain,
    LEGO_CERT_DOMAIN: names[0] ?? name,
    LEGO_CERT_PATH: paths.fullchain,
    ...(keyType === null ? {} : { LEGO_HOOK_CERT_KEY_TYPE: keyType.toUpperCase() }),
    ...(email === null ? {} : { LEGO_HOOK_ACCOUNT_EMAIL: email, LEGO_ACCOUNT_EMAIL: email }),
    ...(paths.privkey === null
      ? {}
      : { LEGO_HOOK_CERT_KEY_PATH: paths.privkey, LEGO_CERT_KEY_PATH: paths.privkey }),
  };
}
