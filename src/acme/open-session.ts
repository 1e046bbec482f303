import type { KeyObject } from 'node:crypto';
import type { Pace } from '../ca-limits.ts';
import { type Clock, systemClock } from '../clock.ts';
import { AcmeSession } from './acme-session.ts';
import { directoryCache } from './directory-cache.ts';
import { DirectorySource } from './directory-source.ts';
import { keyAuthorization, parseAccountKey } from './http/account-key.ts';
import { type TakeTurn, pacedTransport } from './http/pacer.ts';
import { SignedHttp } from './http/signed-http.ts';
import { type Transport, type TransportOptions, createTransport } from './http/transport.ts';
import type { Directory } from './objects/resources.ts';
import { assertDirectoryUrl } from './objects/web-url.ts';
import type { Session } from './session.ts';

export interface SessionOptions extends TransportOptions {
  directoryUrl: string;
  accountKeyPem: string;
  /** The account's URL where it is known; else `register` or `findAccount` comes first. */
  accountUrl?: string | undefined;
  /** The folder in which directories are kept between runs; without it they aren't kept. */
  cacheDir?: string | undefined;
  /** The directory where this run has asked for it already. */
  directory?: Directory | undefined;
  clock?: Clock | undefined;
  /** The pace at which the CA may be asked; without it as fast as it answers. */
  pace?: Pace | undefined;
  /** Waited for by each request besides. */
  takeTurn?: TakeTurn | undefined;
  /** Requests at once, default 10. */
  maxInFlight?: number | undefined;
  /** Ends the opening alone; each call has its own. */
  signal?: AbortSignal | undefined;
}

const unlimited: Pace = { everything: null, newNonce: null, newOrder: null };

/**
 * Opens a session: checks URL and key, and has the directory from the cache or the CA.
 * @throws AcmeLedgerError `usage` (directory URL), `bad-file` (key, trust root), `not-acme`, `ca-unreachable`, `ca-limit`, `ca-answer`
 */
export async function openSession(options: SessionOptions): Promise<Session> {
  const directoryUrl = assertDirectoryUrl(options.directoryUrl);
  const accountKey: KeyObject = parseAccountKey(options.accountKeyPem);
  const clock = options.clock ?? systemClock;
  const unpaced = createTransport(options);
  const { pace = unlimited, takeTurn } = options;
  const transport: Transport = pacedTransport(unpaced, pace, clock, () => directories.current, takeTurn);
  const directories: DirectorySource = new DirectorySource({
    directoryUrl,
    transport,
    clock,
    cache: directoryCache(options.cacheDir),
    fresh: options.directory ?? null,
  });
  try {
    const opened = await directories.get(options.signal);
    const http = new SignedHttp({
      directoryUrl,
      accountKey,
      getDirectory: () => directories.get(),
      movedUrl: (url) => directories.movedUrl(url),
      transport,
      clock,
      maxInFlight: options.maxInFlight,
    });
    return new AcmeSession({
      http,
      directory: () => directories.current ?? opened,
      clock,
      accountUrl: options.accountUrl ?? null,
      keyAuthorization: (token) => keyAuthorization(token, accountKey),
      close: () => {
        transport.close();
      },
    });
  } catch (error) {
    transport.close();
    throw error;
  }
}
