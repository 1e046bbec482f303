import { storeNameOf } from '../certificates/store-name.ts';
import type { SettingsOf } from '../challenges/kept-settings.ts';
import { parseNames } from '../identifiers.ts';
import { solverOptionNames, type SolverOptions } from '../challenges/option-list.ts';
import type { SolverSettings } from '../challenges/settings.ts';
import { settingsFromOptions } from '../challenges/settings-from-options.ts';
import type { OrderRules } from '../issuance/limits/order-rules.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import type { Settings } from '../settings/settings.ts';
import { plannedCertificate } from './planned.ts';
import type { CertificateFields } from '../settings/certificate-fields.ts';

/** Settings are looked up again as long as there aren't more; each is a look at the disk. */
const rememberedMax = 10_000;

/**
 * Reads rows that are relative to one directory. The reader throws AcmeLedgerError with exit code 2.
 * @param look whether the paths in them must be there now, and the configuration's rules must be for their names
 */
export function rowReader(
  settings: Pick<Settings, 'ca' | 'maxPending' | 'solvers' | keyof OrderRules>,
  directory: string,
  look: boolean,
): (row: CertificateFields, existing?: ReadonlyMap<string, WantedCertificate | null>) => WantedCertificate {
  const settingsOf = remembered((options, from) => settingsFromOptions(options, from, look));
  const solverSettings: SettingsOf = (options, from = directory) => settingsOf(options, from);
  return ({ names, ca, options }, existing) => {
    const before = existing?.get(options.certName ?? nameOf(names)) ?? null;
    const usualCa = ca === undefined ? (before?.ca ?? settings.ca) : settings.ca;
    const { maxPending, solvers: rules } = settings;
    const defaults = {
      ca: ca ?? usualCa,
      maxPending,
      solverSettings,
      rules,
      orderRules: settings,
      checksRules: look,
    };
    return plannedCertificate({ names, options, csr: null, before }, defaults).wanted;
  };
}

/** The name of a certificate that is given none. */
function nameOf(names: readonly string[]): string {
  return names.length === 0 ? '' : storeNameOf(parseNames(names));
}

function remembered(
  settingsOf: (options: SolverOptions, directory: string) => SolverSettings,
): (options: SolverOptions, directory: string) => SolverSettings {
  const known = new Map<string, SolverSettings>();
  return (options, directory) => {
    const key = JSON.stringify([directory, ...solverOptionNames.map((name) => options[name] ?? null)]);
    const found = known.get(key) ?? settingsOf(options, directory);
    if (known.size >= rememberedMax) known.clear();
    known.set(key, found);
    return found;
  };
}
