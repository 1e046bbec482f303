import { type Authority, authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { Log } from '../issuance/account-run.ts';
import { isForFallback } from '../issuance/due/fallback-choice.ts';
import type { Renewed } from './renew-all.ts';
import type { CommandContext } from '../run/run-context.ts';
import { counted } from '../cli/output/wording.ts';
import { shellWord } from '../shell-word.ts';

/** The CA of `--fallback-ca`; null when there is none. @throws AcmeLedgerError `usage` */
export function fallbackOf({ settings: { fallbackCa } }: CommandContext): Authority | null {
  return fallbackCa === null ? null : authorityOf(fallbackCa);
}

/** For the account there: a key that a CA gave for a binding is for its own accounts. */
export function asFallback(context: CommandContext): CommandContext {
  return { ...context, settings: { ...context.settings, eab: null } };
}

/** Whether `renew` has this certificate made elsewhere in the same run. */
export function fallsBack(
  { certificate, status, error, isOfRehearsal }: Renewed,
  fallback: Authority,
): boolean {
  if (status !== 'failed' && status !== 'deferred') return false;
  if (isOfRehearsal === true || certificate.ca === fallback.directoryUrl) return false;
  return isForFallback(error, certificate, { now: systemClock.now(), isAskedFor: false });
}

/** Works on the certificates of these names at the fallback. */
export type RenewThere = (
  context: CommandContext,
  names: ReadonlySet<string>,
  onResult: (renewed: Renewed) => void,
) => Promise<void>;

/**
 * Has certificates made at the fallback that can't wait for their own CA. Each is told of once: with what came of it there, or, where
 * nothing was tried, as it was before.
 */
export async function renewElsewhere(
  context: CommandContext,
  fallback: Authority,
  waiting: readonly Renewed[],
  renewThere: RenewThere,
  onResult: (renewed: Renewed) => void,
): Promise<void> {
  const left = new Map(waiting.map((renewed) => [renewed.certificate.name, renewed]));
  const tell = (renewed: Renewed): void => {
    if (left.delete(renewed.certificate.name)) onResult({ ...renewed, fallbackCa: fallback.directoryUrl });
  };
  if (left.size > 0 && !context.stops.work.aborted) {
    tellOfAll(context, waiting, fallback);
    try {
      await renewThere(asFallback(context), new Set(left.keys()), tell);
    } catch (error) {
      if (!(error instanceof AcmeLedgerError) || error.code !== 'usage') throw error;
      const record = errorRecord(unusable(error, fallback));
      for (const renewed of [...left.values()]) tell({ ...renewed, status: 'failed', error: record });
    }
  }
  for (const renewed of left.values()) onResult(renewed);
}

/** One limit may send all of ten thousand there: a line for each reason, and each certificate for who looks closely. */
export function tellOfAll(context: { log: Log }, waiting: readonly Renewed[], fallback: Authority): void {
  for (const code of new Set(waiting.map(({ error }) => error?.code ?? ''))) {
    const alike = waiting.filter(({ error }) => error?.code === code);
    const [first, ...others] = alike;
    const why = first?.error?.message ?? '';
    if (others.length === 0) {
      tellOfFallback(context, first?.certificate.name ?? '', why, fallback);
      continue;
    }
    const isSame = others.every(({ error }) => error?.message === why);
    const reason = isSame ? why : `for reasons of the same kind (${code}), such as: ${why}`;
    const count = counted(alike.length, 'certificate');
    context.log.warn(
      {},
      `${count} can't wait for their CA and are ordered from ${fallback.label}: ${reason}`,
    );
    for (const { certificate, error } of alike)
      context.log.debug({ error }, `${certificate.name}: can't wait for its CA`);
  }
}

export function tellOfFallback({ log }: { log: Log }, name: string, why: string, { label }: Authority): void {
  log.warn({}, `${name}: can't wait for its CA and is ordered from ${label}: ${why}`);
}

/** What a person has to mend before the fallback is of use, as the CA asks for it: a binding is given to that command, not to this one. */
export function unusable(error: AcmeLedgerError, { label, directoryUrl }: Authority): AcmeLedgerError {
  return new AcmeLedgerError('usage', `the fallback ${label} can't be used: ${error.message}`, {
    hint:
      `acme-ledger account register --ca ${shellWord(directoryUrl)} makes an account there` +
      (error.hint === undefined ? '' : `: ${error.hint}`),
    cause: error,
  });
}
