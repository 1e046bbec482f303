import { AcmeLedgerError } from './errors.ts';
import { parseName } from './identifiers.ts';
import { printable } from './printable.ts';

/** A pattern of names: a domain stands for itself and for all below it, `*.domain` for what is below it alone. */
export interface NamePattern {
  /** The pattern as names are written: lower case, unicode as A-labels. */
  text: string;
  zone: string;
  isBelowOnly: boolean;
}

/** A pattern of the configuration. */
export interface PlacedPattern extends NamePattern {
  /** `config.yaml:3:20`, the place where the pattern was written. */
  place: string;
}

/** @throws AcmeLedgerError `bad-name` */
export function parseNamePattern(text: string): NamePattern {
  const value = patternValue(text);
  const isBelowOnly = value.startsWith('*.');
  return { text: value, zone: isBelowOnly ? value.slice(2) : value, isBelowOnly };
}

/**
 * How well a pattern fits a name: a name that is written out fits best, then the longest zone, and within a zone
 * `*.zone` before the zone itself. Null: the pattern says nothing of the name.
 */
export function fitOf({ text, zone, isBelowOnly }: NamePattern, name: string): number | null {
  if (name === text) return (name.length + 1) * 2; // more than any zone that the name is in
  // Of an address nothing is below another.
  if (!name.endsWith(`.${zone}`)) return null;
  return zone.length * 2 + (isBelowOnly ? 1 : 0);
}

function patternValue(text: string): string {
  if (/^[a-z0-9-]+$/i.test(text)) return text.toLowerCase(); // such as `local`, which no certificate could name
  try {
    return parseName(text).value;
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    throw new AcmeLedgerError('bad-name', `"${printable(text)}" is no pattern of names: ${error.message}`, {
      hint: 'write example.com for a domain with all below it, *.example.com for what is below it alone',
    });
  }
}
