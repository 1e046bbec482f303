import { join, resolve } from 'node:path';
import { printable } from '../../printable.ts';
import { pathAsMeant } from '../../system/home-directory.ts';

const scheme = 'sqlite:';
const form = `${scheme}FILE`;
const example = `${scheme}/var/lib/acme-ledger/ledger.sqlite`;

/** URLs of ledgers in SQLite files. */
export const sqliteUrls = {
  form,
  example,
  includes: (url: string): boolean => url.toLowerCase().startsWith(scheme),
  of: (file: string): string => `${scheme}${file}`,
  usual: (stateDir: string): string => `${scheme}${join(stateDir, 'ledger.sqlite')}`,
  file: (url: string): string => url.slice(scheme.length),
  absolute,
};

/** @throws the error that `refuse` makes of the URL's fault and a hint */
function absolute(
  url: string,
  baseDirectory: string,
  refuse: (fault: string, hint: string) => Error,
): string {
  const file = sqliteUrls.file(url);
  const fault = faultOf(file);
  if (fault !== null) throw refuse(fault, `write ${form} with a path, for example ${example}`);
  return sqliteUrls.of(resolve(baseDirectory, pathAsMeant(file, refuse)));
}

function faultOf(file: string): string | null {
  if (file === '') return 'names no file';
  if (file === ':memory:') return 'is in memory, and a ledger has to outlive its process';
  // "sqlite://ledger.sqlite" reads as a host's name; "sqlite:///file" is the common way to write an absolute
  // path.
  if (/^\/\/[^/]/.test(file)) return `has two slashes before "${printable(file.slice(2))}"`;
  if (file.includes('\0')) return 'contains a NUL';
  return null;
}
