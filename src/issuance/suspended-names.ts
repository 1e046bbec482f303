import { AcmeLedgerError } from '../errors.ts';

const shownMost = 5;

/** Why no order names these names. */
export function suspendedError(names: readonly string[]): AcmeLedgerError {
  const shown = names.slice(0, shownMost);
  const more = names.length > shownMost ? ` and ${String(names.length - shownMost)} more` : '';
  const them = names.length === 1 ? 'it' : 'them';
  return new AcmeLedgerError(
    'name-suspended',
    `${shown.join(', ')}${more} failed for so long that no order names ${them}; nothing was sent`,
    { hint: `once mended: acme-ledger name resume ${shown.join(' ')}` },
  );
}
