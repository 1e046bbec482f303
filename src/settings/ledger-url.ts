import { absoluteLedgerUrl } from '../ledger/ledger-url.ts';
import { optionError, type Given } from './option-check.ts';

/** A ledger's URL with an absolute path. @throws AcmeLedgerError with the origin's code */
export function checkLedgerUrl({ value, origin }: Given<string>): string {
  return absoluteLedgerUrl(value, origin.baseDirectory, (fault, hint) => optionError(origin, fault, hint));
}
