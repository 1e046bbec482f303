import { resolve } from 'node:path';
import { pathAsMeant } from '../system/home-directory.ts';
import { printable } from '../printable.ts';
import { optionError, type Given } from './option-check.ts';

/**
 * A ledger's URL with an absolute path. Nothing of a URL that may hold a password is repeated in an error.
 * @throws AcmeLedgerError with the origin's code
 */
export function checkLedgerUrl({ value, origin }: Given<string>): string {
  if (/^postgres(ql)?:/i.test(value)) {
    throw optionError(
      origin,
      "names a PostgreSQL ledger, which this version doesn't have yet",
      'use sqlite:FILE',
    );
  }
  if (!/^sqlite:/i.test(value)) {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1];
    const what = scheme === undefined ? 'has no scheme' : `has the unknown scheme "${scheme}"`;
    throw optionError(
      origin,
      what,
      'write sqlite:FILE, for example sqlite:/var/lib/acme-ledger/ledger.sqlite',
    );
  }
  const file = value.slice('sqlite:'.length);
  const fault = faultOf(file);
  if (fault !== null) {
    throw optionError(
      origin,
      fault,
      'write sqlite:FILE with a path, for example sqlite:/var/lib/acme-ledger/ledger.sqlite',
    );
  }
  const path = pathAsMeant(file, (unclear, hint) => optionError(origin, unclear, hint));
  return `sqlite:${resolve(origin.baseDirectory, path)}`;
}

/** The file of a checked URL. */
export function ledgerFile({ ledgerUrl }: { ledgerUrl: string }): string {
  return ledgerUrl.slice('sqlite:'.length);
}

function faultOf(file: string): string | null {
  if (file === '') return 'names no file';
  if (file === ':memory:') return 'is in memory, and a ledger has to outlive its process';
  // "sqlite://ledger.sqlite" reads as a host's name; "sqlite:///file" is the common way to write an absolute path.
  if (/^\/\/[^/]/.test(file)) return `has two slashes before "${printable(file.slice(2))}"`;
  if (file.includes('\0')) return 'contains a NUL';
  return null;
}
