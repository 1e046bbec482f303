import { AcmeLedgerError } from '../errors.ts';
import type { CertificateFields } from './certificate-fields.ts';
import { assertKnownField, checkedField, gathered } from './certificate-fields.ts';
import type { Origin } from './option-check.ts';
import { optionError } from './option-check.ts';

/** An entry of `certificates:`; whether such a certificate can be issued isn't checked yet. */
export interface ConfiguredCertificate {
  fields: CertificateFields;
  origin: Origin;
}

/**
 * Checks `certificates:` of a configuration file: a list of what a row of `cert import` has.
 * @param placeOf where an entry, or a field of it, was written
 * @throws AcmeLedgerError with the place of the first fault
 */
export function checkCertificates(
  value: unknown,
  placeOf: (path: readonly string[]) => Origin,
): ConfiguredCertificate[] {
  if (!Array.isArray(value)) {
    const hint = 'write - names: [example.com] and its options for each; [] wants none';
    throw optionError(placeOf([]), 'certificates must be a list', hint);
  }
  return value.map((entry: unknown, index) => {
    const at = [String(index)];
    if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
      throw optionError(placeOf(at), "this isn't a mapping", 'write - names: [example.com] and its options');
    const given = Object.entries(entry).flatMap(([field, each]: [string, unknown]) =>
      located(placeOf([...at, field]), () => {
        assertKnownField(field, 'field');
        return each === null ? [] : [[field, checkedField(field, each)] as const];
      }),
    );
    const origin = placeOf(at);
    return { fields: located(origin, () => gathered(Object.fromEntries(given))), origin };
  });
}

/** Runs `act`; an error that it throws names that place. */
export function located<T>(origin: Origin, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw optionError(origin, error.message, error.hint ?? '');
  }
}
