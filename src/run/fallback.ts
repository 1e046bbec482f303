import { type Authority, authorityOf } from '../acme/authorities/authorities.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { Log } from '../log-and-stops.ts';
import { shellWord } from '../shell-word.ts';
import type { CommandContext } from './run-context.ts';

/** The CA of `--fallback-ca`; null when there is none. @throws AcmeLedgerError `usage` */
export function fallbackOf({ settings: { fallbackCa } }: CommandContext): Authority | null {
  return fallbackCa === null ? null : authorityOf(fallbackCa);
}

/**
 * The context for the account at the fallback: a key that a CA gave for a binding is for its own accounts.
 */
export function asFallback(context: CommandContext): CommandContext {
  return { ...context, settings: { ...context.settings, eab: null } };
}

export function tellOfFallback({ log }: { log: Log }, name: string, why: string, { label }: Authority): void {
  log.warn({}, `${name}: can't wait for its CA and is ordered from ${label}: ${why}`);
}

/**
 * The error for a fallback that a person has to mend first, as the CA asks for it: an external account
 * binding is given to that command, not to this one.
 */
export function unusable(error: AcmeLedgerError, { label, directoryUrl }: Authority): AcmeLedgerError {
  return new AcmeLedgerError('usage', `the fallback ${label} can't be used: ${error.message}`, {
    hint:
      `acme-ledger account register --ca ${shellWord(directoryUrl)} makes an account there` +
      (error.hint === undefined ? '' : `: ${error.hint}`),
    cause: error,
  });
}
