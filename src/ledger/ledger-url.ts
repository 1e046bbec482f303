import { sqliteUrls } from './sqlite/sqlite-urls.ts';

/* Facts about a ledger that its URL alone tells: no database is loaded for them. */

/** Makes the error for a URL that can't be used, from the URL's fault and a hint. */
export type RefuseUrl = (fault: string, hint: string) => Error;

/** The URLs that a person may give. */
export const ledgerUrlForms = sqliteUrls.form;

/** The URL of a ledger that nobody chose a place for. */
export function usualLedgerUrl(stateDir: string): string {
  return sqliteUrls.usual(stateDir);
}

/**
 * The URL with an absolute path. Nothing of a URL that may hold a password is repeated in an error.
 * @param baseDirectory the directory that a relative path starts from
 * @throws the error that `refuse` makes
 */
export function absoluteLedgerUrl(url: string, baseDirectory: string, refuse: RefuseUrl): string {
  if (sqliteUrls.includes(url)) return sqliteUrls.absolute(url, baseDirectory, refuse);
  if (/^postgres(ql)?:/i.test(url)) {
    throw refuse("names a PostgreSQL ledger, which this version doesn't have yet", `use ${ledgerUrlForms}`);
  }
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1];
  throw refuse(
    scheme === undefined ? 'has no scheme' : `has the unknown scheme "${scheme}"`,
    `write ${ledgerUrlForms}, for example ${sqliteUrls.example}`,
  );
}

/** The file of a checked URL; null for a ledger that is in no file of this machine. */
export function ledgerFile(url: string): string | null {
  return sqliteUrls.includes(url) ? sqliteUrls.file(url) : null;
}
