import { AcmeLedgerError } from '../../errors.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';

/** Schema names of the versions before the first release, except the first of these names. */
const developmentSchemas: ReadonlySet<string> = new Set([
  '0002-holds',
  '0003-origin',
  '0004-renewal-info',
  '0005-limits',
  '0006-failing-names',
  '0007-rehearsals',
  '0008-account-purpose',
  '0009-probes',
  '0010-found',
  '0011-closing',
  '0012-csr-digest',
  '0013-stuck',
]);

/** Whether a schema of this name was only ever made by a version before the first release. */
export function isDevelopmentSchema(name: string): boolean {
  return developmentSchemas.has(name);
}

/**
 * The error for a ledger of a version before the first release: why it isn't opened, and what its owner does.
 */
export function developmentLedger(place: string, schema: string): AcmeLedgerError {
  const shown = printable(place);
  return new AcmeLedgerError(
    'ledger',
    `the ledger ${shown} was made by a development version of acme-ledger (its schema is ${schema}), and no release reads it`,
    {
      hint: `close what it has open with the version that made it: its acme-ledger authz clear; then mv ${shellWord(shown)} ${shellWord(`${shown}.development`)}: the first acme-ledger issue makes a new ledger; this one was left as it was`,
    },
  );
}
