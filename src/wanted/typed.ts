import { readCsr } from '../certificates/given-csr.ts';
import { settingsFromOptions } from '../challenges/settings-from-options.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { pathAsMeant } from '../system/home-directory.ts';
import { assertTrustedHook } from '../system/hook-program.ts';
import type { CertificateOptions } from '../settings/certificate-fields.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type Change, changesOf } from './changes.ts';
import { assertAsConfigured, configuredCertificates } from './configured.ts';
import { existingCertificate, identifiersAsked, keptCa } from './existing.ts';
import type { PlannedCertificate } from './planned.ts';
import { plannedCertificate } from './planned.ts';

/** The certificate of a command line, beside what was wanted of it before. */
export interface TypedCertificate extends PlannedCertificate {
  /** Its row, as it was found; null for a new certificate. */
  found: CertificateRow | null;
  changes: Change[];
  /** The CA that it stays at, where a new one would come from another; else null. */
  keptCa: string | null;
}

/**
 * The certificate that a command line describes: of one that exists, what isn't typed stays as it is.
 * @throws AcmeLedgerError with exit code 2
 */
export async function typedCertificate(
  context: CommandContext,
  names: readonly string[],
  options: CertificateOptions,
): Promise<TypedCertificate> {
  const { settings } = context;
  if (options.deployHook !== undefined) assertTrustedHook(options.deployHook, process.cwd(), '--deploy-hook');
  const path = options.csr ?? '';
  const csr = path === '' ? null : await readCsr(csrPath(path), names.length > 0);
  const configured = configuredCertificates(settings);
  const identifiers = identifiersAsked(names, csr?.identifiers ?? []);
  const existing = await existingCertificate(context, configured, {
    certName: options.certName,
    identifiers,
  });
  const before = existing?.wanted ?? null;
  const ca = keptCa(context, before);
  const planned = plannedCertificate(
    { names, options, csr, before },
    {
      ca: ca ?? settings.ca,
      maxPending: settings.maxPending,
      solverSettings: settingsFromOptions,
      rules: settings.solvers,
      orderRules: settings,
      checksRules: true,
    },
  );
  assertAsConfigured(configured, planned.wanted);
  const changes = changesOf(before, planned.wanted);
  return { ...planned, found: existing?.row ?? null, changes, keptCa: ca };
}

function csrPath(path: string): string {
  return pathAsMeant(path, (fault, hint) => new AcmeLedgerError('usage', `--csr ${fault}`, { hint }));
}
