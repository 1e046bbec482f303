import type { ClientFile, FileLayout } from './client-files.ts';

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

/** Where a client keeps the keys of its accounts. */
export interface AccountLayout extends FileLayout {
  placeOf: (key: ClientFile) => Promise<AccountPlace>;
}
