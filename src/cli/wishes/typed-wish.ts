import { readCsr } from '../../certificates/given-csr.ts';
import { settingsFromOptions } from '../../challenges/solver-options.ts';
import type { CertificateOptions } from '../certificate-options.ts';
import type { CommandContext } from '../context.ts';
import { assertAsConfigured, configuredWishes } from './configured-wishes.ts';
import type { PlannedWish } from './planned-wish.ts';
import { plannedWish } from './planned-wish.ts';

/** The certificate that a command line describes. @throws AcmeLedgerError with exit code 2 */
export async function typedWish(
  { settings }: CommandContext,
  names: readonly string[],
  options: CertificateOptions,
): Promise<PlannedWish> {
  const csr = options.csr === undefined ? null : await readCsr(options.csr);
  const planned = plannedWish(
    { names, options, csr },
    { ca: settings.ca, maxPending: settings.maxPending, solverSettings: settingsFromOptions },
  );
  assertAsConfigured(configuredWishes(settings), planned.wish);
  return planned;
}
