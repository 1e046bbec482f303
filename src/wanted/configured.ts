import { AcmeLedgerError } from '../errors.ts';
import type { OrderRules } from '../issuance/limits/order-rules.ts';
import type { WantedCertificate } from '../ledger/certificates/certificates.ts';
import { wantedValues } from '../ledger/certificates/certificates.ts';
import { printable } from '../printable.ts';
import { located } from '../settings/configured-certificates.ts';
import type { Origin } from '../settings/option-check.ts';
import { optionError } from '../settings/option-check.ts';
import type { Settings } from '../settings/settings.ts';
import { badRow } from '../settings/certificate-fields.ts';
import { rowReader } from './row-reader.ts';
import { shellWord } from '../shell-word.ts';

/** A certificate that the configuration wants, and where it says so. */
export interface WantedByConfiguration {
  wanted: WantedCertificate;
  origin: Origin;
}

/**
 * The certificates that the configuration file wants, by name. Whether webroots and hooks are there isn't looked at: one that is gone is
 * the fault of its certificate, and no reason to leave the others alone.
 * @throws AcmeLedgerError `configuration` with the place of the first that can't be
 */
export function configuredCertificates(
  settings: Pick<Settings, 'ca' | 'maxPending' | 'solvers' | 'certificates' | keyof OrderRules>,
): Map<string, WantedByConfiguration> {
  const wantedCertificates = new Map<string, WantedByConfiguration>();
  const directory = settings.certificates?.[0]?.origin.baseDirectory ?? '/';
  const wantedOf = rowReader(settings, directory, false);
  for (const { fields, origin } of settings.certificates ?? []) {
    const wanted = located(origin, () => {
      const read = wantedOf(fields);
      const before = wantedCertificates.get(read.name);
      if (before === undefined) return read;
      const place = before.origin.label.replace(/:$/, '');
      throw badRow(
        `the certificate ${printable(read.name)} is there twice, first at ${place}`,
        'leave one out, or give it another name',
      );
    });
    wantedCertificates.set(wanted.name, { wanted, origin });
  }
  return wantedCertificates;
}

/**
 * For what somebody wants beside the configuration: the next `renew` would undo it.
 * @throws AcmeLedgerError `usage` when the configuration wants something else under that name
 */
export function assertAsConfigured(
  configured: ReadonlyMap<string, WantedByConfiguration>,
  wanted: WantedCertificate,
): void {
  const there = configured.get(wanted.name);
  if (there === undefined || textOf(there.wanted) === textOf(wanted)) return;
  throw new AcmeLedgerError(
    'usage',
    `the configuration wants another certificate under the name ${printable(wanted.name)} (${there.origin.label.replace(/:$/, '')})`,
    {
      hint: `change it there; acme-ledger renew ${shellWord(printable(wanted.name))} issues what it says now`,
    },
  );
}

function textOf(wanted: WantedCertificate): string {
  return JSON.stringify(wantedValues(wanted));
}

/** @throws AcmeLedgerError `configuration` at the place of a certificate that somebody else wants in another way */
export function configurationConflict({ wanted, origin }: WantedByConfiguration): AcmeLedgerError {
  const name = printable(wanted.name);
  return optionError(
    origin,
    `a certificate ${name} is there already, wanted otherwise by a command`,
    `acme-ledger cert remove ${shellWord(name)} leaves it to the configuration and its files in place; or give this one another name`,
  );
}
