import type { Surroundings } from './surroundings.ts';

/** An account of another client, as its files tell it. */
export interface ClientAccount {
  client: string;
  /** Null where the files don't hold it. */
  directoryUrl: string | null;
  /** The host, with its port unless that is 443, of a server whose directory URL isn't known. */
  serverHost: string | null;
  /** PKCS#8. */
  keyPem: string;
  /** What the client wrote down of it: a hint only, because the CA is asked. */
  accountUrl: string | null;
  /** The file with the key. */
  file: string;
}

/** What the place of a key, and the files beside it, tell of its account. */
export type AccountPlace = Pick<ClientAccount, 'directoryUrl' | 'serverHost' | 'accountUrl'>;

/** Where a client keeps its accounts. */
export interface AccountLayout {
  /** Where it has its files unless it is told otherwise; the ones that exist are looked through. */
  homes: (here: Surroundings) => readonly string[];
  /** The folder in a home with the accounts alone; '' where there is none. */
  folder: string;
  /** Whether a key lies there: a path below that folder, with slashes. */
  isKey: (path: string) => boolean;
  placeOf: (key: KeyPlace) => Promise<AccountPlace>;
}

/** A file with a key. */
export interface KeyPlace {
  /** The parts of its path below the layout's folder; the last is the file's own name. */
  parts: readonly string[];
  /** What the file holds. */
  text: string;
  /** The text of another file, relative to this one's folder; null when there is none that could be read. */
  beside: (path: string) => Promise<string | null>;
}
