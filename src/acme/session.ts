import type { KeyObject } from 'node:crypto';
import { systemClock, type Clock } from '../clock.ts';
import { parseAccountKey, keyAuthorization } from './http/account-key.ts';
import { AcmeSession } from './acme-session.ts';
import type { Pace } from '../ca-limits.ts';
import { directoryCache } from './directory-cache.ts';
import { DirectorySource } from './directory-source.ts';
import { type TakeTurn, pacedTransport } from './http/pacer.ts';
import type {
  Account,
  Answer,
  Authorization,
  Chain,
  Challenge,
  Directory,
  ExternalAccountBinding,
  NewOrder,
  Order,
  Resource,
} from './objects/resources.ts';
import { SignedHttp } from './http/signed-http.ts';
import { createTransport, type Transport, type TransportOptions } from './http/transport.ts';
import { assertDirectoryUrl } from './objects/web-url.ts';

export interface SessionOptions extends TransportOptions {
  directoryUrl: string;
  accountKeyPem: string;
  /** The account's URL where it is known; else `register` or `findAccount` comes first. */
  accountUrl?: string | undefined;
  /** Where directories are kept between runs; without it they aren't. */
  cacheDir?: string | undefined;
  /** The directory where this run has asked for it already. */
  directory?: Directory | undefined;
  clock?: Clock | undefined;
  /** How fast the CA may be asked; without it as fast as it answers. */
  pace?: Pace | undefined;
  /** Waited for by each request besides. */
  takeTurn?: TakeTurn | undefined;
  /** Requests at once, default 10. */
  maxInFlight?: number | undefined;
  /** Ends the opening alone; each call has its own. */
  signal?: AbortSignal | undefined;
}

export interface Registration {
  email?: string | undefined;
  agreeTos: boolean;
  externalAccountBinding?: ExternalAccountBinding | undefined;
}

/**
 * What must still be so when a request that ends or spends something leaves (promise 7). Required wherever there is one: whoever asks for
 * it says who may.
 */
export interface Guard {
  /**
   * Called after everything that makes a request wait (its turn, a nonce, the connection), right before its bytes, anew for each time that
   * it is sent. What it throws comes back from the call as it is, and then nothing was sent (`isOutcomeUnknown` is false).
   */
  assertAllowed: () => Promise<void>;
  signal?: AbortSignal | undefined;
}

/**
 * One account at one CA (RFC 8555). Nothing is waited for, polled or tried again here but a rejected nonce, and once a request without
 * effect whose connection was closed under it: what the CA says comes back at once, as a result or as an AcmeLedgerError:
 * `ca-limit` with `retryAt` (429, 503), `ca-problem`, `ca-answer`, `ca-unreachable`; the signal's reason when it is aborted.
 * `isProblem` and `isOutcomeUnknown` tell more. Many calls may run at once.
 */
export interface Session {
  readonly directory: Directory;
  readonly account: { url: string } | null;
  /** newAccount (§7.3); for a known key the CA answers with its account. @throws also `usage` when the CA wants terms agreed or an EAB */
  register(registration: Registration, signal?: AbortSignal): Promise<Account>;
  /** Sets the account's one contact (§7.3.2). */
  updateContact(email: string, signal?: AbortSignal): Promise<Account>;
  /** The account of this key (§7.3.1); null when the CA has none. */
  findAccount(signal?: AbortSignal): Promise<Account | null>;
  /** §7.4 */
  newOrder(order: NewOrder, guard: Guard): Promise<Answer<Order>>;
  getOrder(url: string, signal?: AbortSignal): Promise<Answer<Order>>;
  /** §7.5 */
  getAuthorization(url: string, signal?: AbortSignal): Promise<Answer<Authorization>>;
  /** §7.5.1: from here the CA decides. */
  submitChallenge(url: string, guard: Guard): Promise<Answer<Challenge>>;
  /** What is at a URL of which nobody knows what it is; nothing is submitted (§6.3). */
  getResource(url: string, signal?: AbortSignal): Promise<Resource>;
  /** §7.5.2 */
  deactivateAuthorization(url: string, guard: Guard): Promise<Answer<Authorization>>;
  /** §7.4. One process at a time: two requests within 8 ms cost the certificate at Boulder. */
  finalize(finalizeUrl: string, orderUrl: string, csrDer: Buffer, guard: Guard): Promise<Answer<Order>>;
  /** §7.4.2: the CA's default chain first, then its alternates if asked for. */
  downloadChains(url: string, options: { alternates: boolean }, signal?: AbortSignal): Promise<Chain[]>;
  /** The URLs of the account's orders (§7.1.2.1); null when the CA keeps no list. */
  listOrders(signal?: AbortSignal): Promise<AsyncIterable<string> | null>;
  /** §7.6, signed by the account; by a session without an account with its own key, which is the certificate's then. */
  revokeCertificate(
    der: Buffer,
    reason: number | undefined,
    guard: Guard,
  ): Promise<'revoked' | 'already-revoked'>;
  /** Asks for a nonce (§7.2), which a later request uses: whether the CA answers at all. */
  ping(signal?: AbortSignal): Promise<void>;
  /** §8.1 */
  readonly keyAuthorization: (token: string) => string;
  /** Ends the connections; the session can't be used any more. */
  readonly close: () => void;
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
