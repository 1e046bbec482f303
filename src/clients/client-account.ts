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
  /** The account URL that the client wrote down: a hint only, because the CA is asked. */
  accountUrl: string | null;
  /** The file with the key. */
  file: string;
}

/** The parts of an account that the place of its key, and the files beside it, tell. */
export type AccountPlace = Pick<ClientAccount, 'directoryUrl' | 'serverHost' | 'accountUrl'>;

/** The place of the keys of a client's accounts. */
export interface AccountLayout extends FileLayout {
  placeOf: (key: ClientFile) => Promise<AccountPlace>;
}
