import { authorityOf } from '../acme/authorities/authorities.ts';
import { storeNameOf } from '../certificates/store-name.ts';
import { AcmeLedgerError } from '../errors.ts';
import { type Identifier, parseNames } from '../identifiers.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { certificateByName } from '../ledger/certificates/certificates.ts';
import { hasNames, wantedOf } from '../ledger/certificates/wanted-row.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { ledgerExists, withLedger } from '../run/open-ledger.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWord } from '../shell-word.ts';
import type { WantedByConfiguration } from './configured.ts';

/** The certificate that a command is about, as it was wanted before the command. */
export interface Existing {
  /** What is wanted; null where its row can't be read. */
  wanted: WantedCertificate | null;
  /** The ledger's row, as it was found; null where only the configuration has it so far. */
  row: CertificateRow | null;
}

/** The words of a command that say which certificate it is about. */
export interface Asked {
  /** `--cert-name` */
  certName: string | undefined;
  /** Those of a CSR included; empty: none were typed. */
  identifiers: readonly Identifier[];
}

/**
 * Finds the certificate that a command is about: that of `--cert-name`, else one with just these names, else one under
 * the name that these names would give to a new one. A removed one doesn't count.
 * @returns null when there is none: the command wants a new one
 * @throws AcmeLedgerError `usage` when several have just these names; `not-found` for a `--cert-name` alone that is nobody's
 */
export async function existingCertificate(
  context: CommandContext,
  configured: ReadonlyMap<string, WantedByConfiguration>,
  { certName, identifiers }: Asked,
): Promise<Existing | null> {
  const find = async (ledger: Ledger | null): Promise<Existing | null> => {
    const name = certName ?? (await nameOfSet(ledger, configured, identifiers)) ?? storeNameOf(identifiers);
    const row = ledger === null ? undefined : await certificateByName(ledger, name);
    const kept = row?.removed_at === null ? row : null;
    const there = configured.get(name)?.wanted ?? null;
    if (there !== null) return { wanted: there, row: kept };
    return kept === null ? null : { wanted: wantedOf(kept), row: kept };
  };
  if (certName === undefined && identifiers.length === 0) return null;
  const found = (await ledgerExists(context.settings))
    ? await withLedger(context.settings, find)
    : await find(null);
  if (found === null && identifiers.length === 0) throw nobodys(certName ?? '');
  return found;
}

function nobodys(certName: string): AcmeLedgerError {
  const name = printable(certName);
  return new AcmeLedgerError('not-found', `the ledger has no certificate ${name}`, {
    hint: `acme-ledger cert list shows those that it has; for a new one give its names, too: acme-ledger issue --cert-name ${shellWord(name)} example.com`,
  });
}

/** The name of the one certificate that is wanted for just this set of names; undefined when there is none. */
async function nameOfSet(
  ledger: Ledger | null,
  configured: ReadonlyMap<string, WantedByConfiguration>,
  identifiers: readonly Identifier[],
): Promise<string | undefined> {
  const names = identifiers.map(({ value }) => value);
  const rows = ledger === null ? [] : await namesWanted(ledger);
  const all = [
    ...rows.filter(({ name }) => !configured.has(name)),
    ...[...configured.values()].map(({ wanted }) => wanted),
  ];
  const same = all
    .filter((one) => hasNames(one, names))
    .map(({ name }) => name)
    .sort();
  const usual = storeNameOf(identifiers);
  if (same.length < 2 || same.includes(usual)) return same.includes(usual) ? usual : same[0];
  throw new AcmeLedgerError('usage', `several certificates have these names: ${printable(same.join(', '))}`, {
    hint: `say which one is meant, as in --cert-name ${shellWord(printable(same[0] ?? ''))}`,
  });
}

async function namesWanted(ledger: Ledger): Promise<Pick<CertificateRow, 'name' | 'names'>[]> {
  return ledger
    .selectFrom('certificates')
    .select(['name', 'names'])
    .where('removed_at', 'is', null)
    .execute();
}

/** The CA that a certificate stays at, where it isn't the one that the settings would give to a new one. */
export function keptCa({ settings }: CommandContext, before: WantedCertificate | null): string | null {
  if (before === null || settings.caGiven) return null;
  return before.ca === authorityOf(settings.ca).directoryUrl ? null : before.ca;
}

/** The names that were typed, those of a CSR where it alone was. */
export function identifiersAsked(names: readonly string[], ofCsr: readonly Identifier[]): Identifier[] {
  return names.length === 0 ? [...ofCsr] : parseNames(names);
}
