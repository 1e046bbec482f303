import { readCsr } from '../certificates/given-csr.ts';
import { settingsFromOptions } from '../challenges/settings-from-options.ts';
import { AcmeLedgerError } from '../errors.ts';
import { pathAsMeant } from '../system/home-directory.ts';
import { assertTrustedHook } from '../system/hook-program.ts';
import type { CertificateOptions } from '../settings/certificate-fields.ts';
import type { CommandContext } from '../run/run-context.ts';
import { assertAsConfigured, configuredCertificates } from './configured.ts';
import type { PlannedCertificate } from './planned.ts';
import { plannedCertificate } from './planned.ts';

/** The certificate that a command line describes. @throws AcmeLedgerError with exit code 2 */
export async function typedCertificate(
  { settings }: CommandContext,
  names: readonly string[],
  options: CertificateOptions,
): Promise<PlannedCertificate> {
  if (options.deployHook !== undefined) assertTrustedHook(options.deployHook, process.cwd(), '--deploy-hook');
  const csr = options.csr === undefined ? null : await readCsr(csrPath(options.csr), names.length > 0);
  const planned = plannedCertificate(
    { names, options, csr },
    { ca: settings.ca, maxPending: settings.maxPending, solverSettings: settingsFromOptions },
  );
  assertAsConfigured(configuredCertificates(settings), planned.wanted);
  return planned;
}

function csrPath(path: string): string {
  return pathAsMeant(path, (fault, hint) => new AcmeLedgerError('usage', `--csr ${fault}`, { hint }));
}
