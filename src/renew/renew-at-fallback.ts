import type { Authority } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import { errorRecord, hasCode } from '../errors.ts';
import { isForFallback } from '../issuance/due/fallback-choice.ts';
import { counted } from '../printable.ts';
import type { Log } from '../log-and-stops.ts';
import { asFallback, tellOfFallback, unusable } from '../run/fallback.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Renewed } from './work.ts';

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
 * Has certificates made at the fallback that can't wait for their own CA. The result of each is reported
 * once: that of the fallback, or the earlier one where nothing was tried there.
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
      if (!hasCode(error, 'usage')) throw error;
      const record = errorRecord(unusable(error, fallback));
      for (const renewed of [...left.values()]) tell({ ...renewed, status: 'failed', error: record });
    }
  }
  for (const renewed of left.values()) onResult(renewed);
}

/**
 * One limit may send all of ten thousand certificates to the fallback: warns with a line for each reason, and
 * logs each certificate at debug level.
 */
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
