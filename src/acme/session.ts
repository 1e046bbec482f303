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

export interface Registration {
  email?: string | undefined;
  agreeTos: boolean;
  externalAccountBinding?: ExternalAccountBinding | undefined;
}

/**
 * The condition under which a request that ends or spends something may leave (promise 7). Such calls require
 * a guard, so that each caller says who may.
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
 * An account at a CA (RFC 8555). Nothing is waited for, polled or tried again here but a rejected nonce and,
 * once, a request without effect whose connection was closed under it. What the CA says comes back at once,
 * as a result or as an AcmeLedgerError: `ca-limit` with `retryAt` (429, 503), `ca-problem`, `ca-answer`,
 * `ca-unreachable`; the signal's reason when it is aborted. `isProblem` and `isOutcomeUnknown` tell more.
 * Many calls may run at once.
 */
export interface Session {
  readonly directory: Directory;
  readonly account: { url: string } | null;
  /** newAccount (§7.3); for a known key the CA answers with its account. @throws also `usage` when the CA wants terms agreed or an EAB */
  register(registration: Registration, signal?: AbortSignal): Promise<Account>;
  /** Sets the account's one contact (§7.3.2). */
  updateContact(email: string, signal?: AbortSignal): Promise<Account>;
  /** Ends the account for good (§7.3.6). */
  deactivateAccount(guard: Guard): Promise<Account>;
  /** The account of this key (§7.3.1); null when the CA has none. */
  findAccount(signal?: AbortSignal): Promise<Account | null>;
  /** §7.4 */
  newOrder(order: NewOrder, guard: Guard): Promise<Answer<Order>>;
  getOrder(url: string, signal?: AbortSignal): Promise<Answer<Order>>;
  /** §7.5 */
  getAuthorization(url: string, signal?: AbortSignal): Promise<Answer<Authorization>>;
  /** §7.5.1: from here the CA decides. */
  submitChallenge(url: string, guard: Guard): Promise<Answer<Challenge>>;
  /** The resource at a URL of unknown kind; nothing is submitted (§6.3). */
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
