import { AcmeLedgerError } from '../errors.ts';
import type { Identifier } from '../identifiers.ts';
import { printable } from '../printable.ts';

// The longest domain name (RFC 1035 §2.3.4), so that every default name fits; file systems take 255.
const maxBytes = 253;

/**
 * Checks a certificate's name, which is a folder's name and an argument of hooks.
 * @throws AcmeLedgerError `bad-name` for a name that could leave its folder, hide in it or be taken for an option
 */
export function assertStoreName(name: string): void {
  const fault = faultOf(name);
  if (fault === null) return;
  throw new AcmeLedgerError(
    'bad-name',
    `"${printable(name).slice(0, 80)}" can't name a certificate: ${fault}`,
    {
      hint: 'use letters, digits, dots, hyphens and underscores, as in --cert-name www.example.com',
    },
  );
}

/**
 * The name that a certificate gets when nobody chose one: its first name, with `_` for `*` and for the colons of IPv6.
 * No wildcard shares one with another name, because no name has a label `_`.
 */
export function storeNameOf(identifiers: readonly Identifier[]): string {
  const first = identifiers[0];
  if (first === undefined) throw new AcmeLedgerError('bug', 'a certificate without names was to be stored');
  return first.value.replace(/[*:]/g, '_');
}

function faultOf(name: string): string | null {
  if (name === '') return "it's empty";
  if (Buffer.byteLength(name) > maxBytes) return `it's longer than ${String(maxBytes)} bytes`;
  if (name.startsWith('.')) return 'it starts with a dot';
  if (name.startsWith('-')) return 'it starts with a hyphen';
  if (/[/\\]/.test(name)) return 'it contains a slash or a backslash';
  if (/\s/.test(name)) return 'it contains a blank';
  if (printable(name) !== name) return 'it contains a control character';
  return null;
}
