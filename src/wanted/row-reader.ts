import { solverOptionNames, type SolverOptions } from '../challenges/option-list.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import { settingsFromOptions } from '../challenges/settings-from-options.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import type { Settings } from '../settings/settings.ts';
import { plannedCertificate } from './planned.ts';
import type { CertificateFields } from '../settings/certificate-fields.ts';

/** Settings are looked up again as long as there aren't more; each is a look at the disk. */
const rememberedMax = 10_000;

/**
 * Reads rows that are relative to one directory. The reader throws AcmeLedgerError with exit code 2.
 * @param look whether the paths in them must be there now
 */
export function rowReader(
  settings: Pick<Settings, 'ca' | 'maxPending'>,
  directory: string,
  look: boolean,
): (row: CertificateFields) => WantedCertificate {
  const solverSettings = remembered((options) => settingsFromOptions(options, directory, look));
  return ({ names, ca, options }) => {
    const defaults = { ca: ca ?? settings.ca, maxPending: settings.maxPending, solverSettings };
    return plannedCertificate({ names, options, csr: null }, defaults).wanted;
  };
}

function remembered(
  settingsOf: (options: SolverOptions) => SolverSettings,
): (options: SolverOptions) => SolverSettings {
  const known = new Map<string, SolverSettings>();
  return (options) => {
    const key = JSON.stringify(solverOptionNames.map((name) => options[name] ?? null));
    const found = known.get(key) ?? settingsOf(options);
    if (known.size >= rememberedMax) known.clear();
    known.set(key, found);
    return found;
  };
}
