import type { Authority } from '../acme/authorities/authorities.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { isDuration, parseDuration, questionOfUnit } from '../duration.ts';
import { AcmeLedgerError } from '../errors.ts';
import type { CaLimits, LimitName } from '../ca-limits.ts';
import { printable } from '../printable.ts';
import type { Allowance } from '../token-bucket.ts';
import { nearestWord } from '../nearest-word.ts';
import type { Origin } from './option-check.ts';
import { optionError } from './option-check.ts';

/** The limits that a configuration changes for a CA; the others stay as they are built in. */
interface LimitChanges {
  allowances: Partial<Record<LimitName, Allowance | null>>;
  requestsPerSecond?: number | null;
  reserveForIssue?: number;
  countsDeactivations?: boolean;
}

/** `limits:` of the configuration file, by the CAs' directory URLs. */
export type LimitsGiven = ReadonlyMap<string, LimitChanges>;

/** The place where a value of `limits:` was written, by the keys that lead to it. */
export type PlaceOf = (path: readonly string[]) => Origin;

const allowanceKeys = new Map<string, LimitName>([
  ['newOrders', 'new-orders'],
  ['certificatesPerDomain', 'certificates-per-domain'],
  ['certificatesPerSet', 'certificates-per-set'],
  ['failedAuthorizations', 'failed-authorizations'],
  ['failuresInARow', 'failures-in-a-row'],
]);
const allKeys = [...allowanceKeys.keys(), 'requestsPerSecond', 'reserveForIssue', 'countDeactivations'];
/** The ledger counts in whole seconds, and no more than a column holds. */
const countMax = 1_000_000_000;

/**
 * Checks `limits:` of a configuration file: a mapping from CAs to mappings of limits.
 * @throws AcmeLedgerError with the place of the first fault
 */
export function checkLimits(value: unknown, placeOf: PlaceOf): LimitsGiven {
  const given = new Map<string, LimitChanges>();
  for (const [ca, limits] of entriesOf(value, placeOf([]), 'a mapping of CAs, each with its limits')) {
    const changes: LimitChanges = { allowances: {} };
    for (const [key, amount] of entriesOf(limits, placeOf([ca]), 'a mapping of limits')) {
      Object.assign(changes, change(changes, key, amount, placeOf([ca, key])));
    }
    given.set(directoryOf(ca, placeOf([ca])), changes);
  }
  return given;
}

/** The limits that count at a CA: the built-in ones, as the configuration changes them. */
export function limitsAt({ directoryUrl, limits }: Authority, given: LimitsGiven): CaLimits {
  const changes = given.get(directoryUrl);
  if (changes === undefined) return limits;
  const { allowances, requestsPerSecond, reserveForIssue, countsDeactivations } = changes;
  return {
    allowances: { ...limits.allowances, ...allowances },
    countsDeactivations: countsDeactivations ?? limits.countsDeactivations,
    reserveForIssue: reserveForIssue ?? limits.reserveForIssue,
    pace: requestsPerSecond === undefined ? limits.pace : paceOf(limits, requestsPerSecond),
  };
}

/** Half a second's worth at once, as Let's Encrypt has it. `none` lifts what is built in, too. */
function paceOf({ pace }: CaLimits, perSecond: number | null): CaLimits['pace'] {
  if (perSecond === null) return { everything: null, newNonce: null, newOrder: null };
  return { ...pace, everything: { perSecond, burst: Math.ceil(perSecond / 2) } };
}

function entriesOf(value: unknown, place: Origin, expected: string): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  throw optionError(place, `must be ${expected}`, 'for example newOrders: 300/3h below the name of the CA');
}

function directoryOf(ca: string, place: Origin): string {
  try {
    return authorityOf(ca).directoryUrl;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw optionError(place, error.message, error.hint ?? 'give a CA or its directory URL');
  }
}

function change(before: LimitChanges, key: string, value: unknown, place: Origin): Partial<LimitChanges> {
  const limit = allowanceKeys.get(key);
  if (limit !== undefined) {
    return { allowances: { ...before.allowances, [limit]: allowanceOf(value, place) } };
  }
  switch (key) {
    case 'requestsPerSecond':
      return { requestsPerSecond: value === 'none' ? null : countOf(value, place) };
    case 'reserveForIssue':
      return { reserveForIssue: percentOf(value, place) };
    case 'countDeactivations':
      return { countsDeactivations: flagOf(value, place) };
    default: {
      const nearest = nearestWord(key, allKeys);
      const hint = nearest === null ? `the limits are ${allKeys.join(', ')}` : `did you mean ${nearest}?`;
      throw optionError(place, `there is no limit "${printable(key).slice(0, 60)}"`, hint);
    }
  }
}

function allowanceOf(value: unknown, place: Origin): Allowance | null {
  if (value === 'none') return null;
  const [, count, period] = /^([1-9][0-9]{0,8}) ?\/ ?([0-9wdhms]+)$/.exec(String(value)) ?? [];
  const periodMs = period !== undefined && isDuration(period) ? parseDuration(period, '') : 0;
  if (count !== undefined && periodMs > 0) return { max: Number(count), periodMs };
  const question = questionOfUnit(period ?? '');
  const expected = 'a number and the time in which it comes back, or none';
  if (question === null) throw refusal(place, value, expected, '300/3h');
  throw optionError(place, `must be ${expected}, not ${shown(value)}`, question);
}

function countOf(value: unknown, place: Origin): number {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < countMax) return value;
  throw refusal(place, value, 'a whole number from 1 on, or none', '20');
}

function percentOf(value: unknown, place: Origin): number {
  const percent = Number(/^([0-9]{1,2})%$/.exec(String(value))?.[1] ?? NaN);
  if (!Number.isNaN(percent)) return percent;
  throw refusal(place, value, 'a share from 0% to 99%', '10%');
}

function flagOf(value: unknown, place: Origin): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 'yes' || value === 'no') return value === 'yes';
  throw refusal(place, value, 'yes or no', 'yes');
}

function refusal(place: Origin, value: unknown, expected: string, example: string): AcmeLedgerError {
  return optionError(place, `must be ${expected}, not ${shown(value)}`, `for example ${example}`);
}

function shown(value: unknown): string {
  return printable(JSON.stringify(value)).slice(0, 60);
}
