import { parseNamePattern, type PlacedPattern } from '../name-pattern.ts';
import { located } from './configured-certificates.ts';
import type { PlaceOf } from './limit-changes.ts';
import { optionError, type Origin } from './option-check.ts';

/**
 * Checks a list of patterns of names in a configuration file.
 * @param key the key that has the list
 * @param hint what else a person may have meant
 * @throws AcmeLedgerError with the place of the first fault
 */
export function placedPatterns(
  value: unknown,
  { key, hint }: { key: string; hint: string },
  placeOf: PlaceOf,
): PlacedPattern[] {
  if (!Array.isArray(value)) throw optionError(placeOf([]), `${key} must be a list`, hint);
  return value.map((text: unknown, index) => {
    const origin = placeOf([String(index)]);
    if (typeof text !== 'string')
      throw optionError(
        origin,
        `${JSON.stringify(text)} is no name`,
        `quote it, as in ${key}: ["example.com"]`,
      );
    return { ...located(origin, () => parseNamePattern(text)), place: placeText(origin) };
  });
}

/** `config.yaml:3:5` */
export function placeText({ label }: Origin): string {
  return label.replace(/:$/, '');
}
