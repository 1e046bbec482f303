import { isIP, isIPv6 } from 'node:net';
import { domainToASCII } from 'node:url';
import { AcmeLedgerError } from './errors.ts';
import { printable } from './printable.ts';

/** An ACME identifier (RFC 8555 §9.7.7; `ip` RFC 8738). A wildcard is a dns identifier whose value starts with `*.`. */
export interface Identifier {
  type: 'dns' | 'ip';
  value: string;
}

const maxNameLength = 253; // RFC 1035 §2.3.4, without the root's dot
const maxLabelLength = 63; // RFC 1035 §2.3.4

/**
 * Reads the names of one certificate as a person typed them: lower case, unicode as A-labels, IPv6 in its canonical form,
 * in the order given.
 * @throws AcmeLedgerError `bad-name` for the first name that no CA could certify, a duplicate, or an empty list; `assertPublicNames` is stricter
 */
export function parseNames(names: readonly string[]): Identifier[] {
  if (names.length === 0) {
    throw badName('no name given', 'acme-ledger issue example.com www.example.com --webroot /var/www/html');
  }
  const seen = new Set<string>();
  return names.map((name) => {
    const identifier = parseName(name);
    if (seen.has(identifier.value)) {
      throw badName(`the name "${printable(name)}" is given twice`, 'leave out the second one');
    }
    seen.add(identifier.value);
    return identifier;
  });
}

/** One name. @throws AcmeLedgerError `bad-name` */
export function parseName(name: string): Identifier {
  const shown = printable(name);
  if (isIP(name) !== 0) return { type: 'ip', value: canonicalIp(name) };
  if (name === '') throw badName('a name is empty', 'check the quoting of the command line');
  assertTyped(name, shown);
  if (name.includes(',')) {
    const names = printable(name.split(',').filter(Boolean).join(' '));
    throw badName(
      `"${shown}" has a comma in it, which no domain name has`,
      `give each name by itself: ${names}`,
    );
  }
  if (/[\s/\\]/.test(name)) {
    throw badName(
      `"${shown}" isn't a domain name: it contains a blank, a slash or a backslash`,
      'give each name by itself, without https:// and path',
    );
  }
  const wildcard = name.startsWith('*.');
  const base = wildcard ? name.slice(2) : name;
  if (base.includes('*')) {
    throw badName(
      `"${shown}": only the first label may be a wildcard, as in *.example.com`,
      'RFC 8555 §7.1.3 allows one wildcard label',
    );
  }
  const ascii = toAscii(base, shown);
  checkLabels(ascii, shown);
  return { type: 'dns', value: wildcard ? `*.${ascii}` : ascii };
}

/** Quotes, dashes and invisible characters that come with text that was copied from a page or a mail: IDNA would drop some, and take others. */
const pasted = /["'`\u00ab\u00ad\u00bb\u2010-\u201f\u2039\u203a\u200b-\u200f\u2060\ufeff]/;

function assertTyped(name: string, shown: string): void {
  const character = pasted.exec(name)?.[0];
  if (character === undefined) return;
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  const seen = /[\u00ad\u200b-\u200f\u2060\ufeff]/.test(character) ? '' : ` ${character}`;
  throw badName(
    `"${shown}" has the character${seen} (${code}) in it, which no domain name has`,
    'it was most likely pasted with the name: type the name without it',
  );
}

/**
 * The form in which names from elsewhere (a CA's answer, a certificate) are compared with those that were asked for: lower case, without the
 * root's dot, unicode as A-labels, IPv6 canonical. What is no name at all only loses its capitals: it equals none.
 */
export function comparableName(name: string): string {
  if (isIPv6(name) && !name.includes('%')) return canonicalIp(name);
  const lower = name.toLowerCase().replace(/\.$/, '');
  if (/^\p{ASCII}*$/u.test(lower) || lower.length > maxNameLength) return lower;
  const wildcard = lower.startsWith('*.');
  const ascii = domainToASCII(wildcard ? lower.slice(2) : lower);
  if (ascii === '') return lower;
  return wildcard ? `*.${ascii}` : ascii;
}

/** The identifiers as the ledger compares sets of them: sorted values, one blank between. */
export function identifierSetKey(identifiers: readonly Identifier[]): string {
  return identifiers
    .map((identifier) => identifier.value)
    .sort()
    .join(' ');
}

function toAscii(base: string, shown: string): string {
  // domainToASCII reads "1.2.3" or "0x7f.1" as an IPv4 address and "" as a failure: only names with unicode need it.
  const ascii = /^\p{ASCII}*$/u.test(base) ? base : domainToASCII(base);
  if (ascii === '')
    throw badName(`"${shown}" can't be written as an A-label (RFC 5891)`, 'check the spelling');
  return ascii.toLowerCase();
}

function checkLabels(ascii: string, shown: string): void {
  if (ascii.length > maxNameLength) {
    throw badName(
      `"${shown}" is ${String(ascii.length)} bytes long, more than ${String(maxNameLength)}`,
      'shorten the name',
    );
  }
  if (ascii.endsWith('.'))
    throw badName(`"${shown}" ends with a dot`, `leave the dot out: ${ascii.slice(0, -1)}`);
  const labels = ascii.split('.');
  for (const label of labels) {
    if (label === '') throw badName(`"${shown}" has an empty label`, 'check for two dots in a row');
    if (label.length > maxLabelLength) {
      throw badName(
        `"${shown}" has a label of ${String(label.length)} bytes, more than ${String(maxLabelLength)}`,
        'shorten the label',
      );
    }
    // A lone underscore stands for a wildcard in the names of folders.
    if (label === '_' || !/^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label))
      throw badName(
        `"${shown}": the label "${printable(label)}" isn't letters, digits and inner hyphens`,
        'check the spelling (RFC 1123 §2.1)',
      );
  }
  if (/^[0-9]+$/.test(labels.at(-1) ?? ''))
    throw badName(`"${shown}" is neither a domain name nor an IP address`, 'check the spelling');
}

/**
 * What no public CA may certify (CA/Browser Forum Baseline Requirements §3.2.2.4 and §7.1.4.2: internal names, underscores), and a CA of one's
 * own may.
 * @throws AcmeLedgerError `bad-name`
 */
export function assertPublicNames(identifiers: readonly Identifier[]): void {
  for (const { type, value } of identifiers) {
    if (type === 'ip') continue;
    const labels = value.replace(/^\*\./, '').split('.');
    const odd = labels.find((label) => label.includes('_'));
    if (odd !== undefined)
      throw badName(
        `"${printable(value)}": the label "${printable(odd)}" isn't letters, digits and inner hyphens`,
        `check the spelling (RFC 1123 §2.1); ${ownCa}`,
      );
    if (labels.length < 2)
      throw badName(
        `"${printable(value)}" has only one label`,
        `give the whole name, such as host.example.com; ${ownCa}`,
      );
  }
}

const ownCa = 'a CA of your own is chosen by --ca URL';

function canonicalIp(address: string): string {
  if (!isIPv6(address)) return address;
  if (address.includes('%'))
    throw badName(`"${printable(address)}" has a zone`, 'leave out the % and what follows');
  // RFC 8738 §3 wants the text form of RFC 5952, which is what the URL parser writes.
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}

function badName(message: string, hint: string): AcmeLedgerError {
  return new AcmeLedgerError('bad-name', message, { hint });
}
