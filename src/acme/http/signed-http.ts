import type { KeyObject } from 'node:crypto';
import HttpClient, { type HttpResponse, type SignedRequestOptions } from 'acme-client/src/http.js';
import type { Clock } from '../../clock.ts';
import { jwkOf } from './account-key.ts';
import { isReset, isUnsent, unsentError } from './connection-failure.ts';
import { jsonOrText } from './json-or-text.ts';
import { NoncePool } from './nonces.ts';
import { answerError, isProblem } from '../objects/problems.ts';
import type { Directory, ExternalAccountBinding } from '../objects/resources.ts';
import type { Transport } from './transport.ts';

/** The parts of a request that acme-client doesn't hand through. */
export interface CallOptions extends SignedRequestOptions {
  /** The request in words, for the message of an error: "to make the order". */
  action: string;
  accept?: string;
  externalAccountBinding?: ExternalAccountBinding | undefined;
  signal?: AbortSignal | undefined;
  /** The guard of a request that ends or spends something (session.ts), called right before its bytes. */
  assertAllowed?: () => Promise<void>;
}

interface RequestOptions {
  data?: object;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
  assertAllowed?: CallOptions['assertAllowed'];
}

interface Parts {
  directoryUrl: string;
  accountKey: KeyObject;
  getDirectory: () => Promise<Directory>;
  /** The new address of a URL of the directory that isn't there any more; null when it isn't elsewhere. */
  movedUrl: (url: string) => Promise<string | null>;
  transport: Transport;
  clock: Clock;
  maxInFlight: number | undefined;
}

// Pebble in tests rejects 15 % of the nonces: eight in a row is once in four million requests.
const maxTries = 8;

/**
 * acme-client's HTTP client with the sending, the nonces, the retries and the errors replaced; the JWS (RFC
 * 8555 §6.2) is its own. The key is a KeyObject, which acme-client hands on to node: parsing a PEM for each
 * signature takes 17 times as long (docs/decisions.md#our-own-transport).
 */
export class SignedHttp extends HttpClient {
  readonly #parts: Parts;
  readonly #nonces: NoncePool;
  #nonceMethod: 'head' | 'get' = 'head';

  constructor(parts: Parts) {
    super(parts.directoryUrl, parts.accountKey);
    this.#parts = parts;
    this.#nonces = new NoncePool({
      fetchNonce: (signal) => this.#newNonce(signal),
      clock: parts.clock,
      maxInFlight: parts.maxInFlight,
    });
  }

  override getDirectory(): Promise<Directory> {
    return this.#parts.getDirectory();
  }

  /** acme-client's reads the PEM, with a library that takes 80 ms to load. */
  override getJwk(): Readonly<Record<string, string>> {
    return jwkOf(this.#parts.accountKey);
  }

  override async request(
    url: string,
    method: string,
    { data, headers, signal, assertAllowed }: RequestOptions = {},
  ): Promise<HttpResponse> {
    const answer = await this.#parts.transport.send({
      url,
      method: method.toUpperCase() as 'GET' | 'HEAD' | 'POST',
      headers: { ...(data === undefined ? {} : { 'Content-Type': 'application/jose+json' }), ...headers },
      ...(data === undefined ? {} : { body: JSON.stringify(data) }),
      signal,
      assertAllowed,
    });
    return {
      status: answer.status,
      headers: answer.headers,
      data: jsonOrText(answer.body),
    };
  }

  /**
   * Signs, sends and checks one request.
   * @throws AcmeLedgerError for every answer that isn't a success, and for none; the signal's reason
   */
  override async signedRequest(
    url: string,
    payload: object | null,
    options: CallOptions,
  ): Promise<HttpResponse> {
    const response = await this.#acceptedNonce(url, this.#bound(url, payload, options), options);
    const moved = isMissing(response) ? await this.#parts.movedUrl(url) : null;
    if (moved !== null) return this.signedRequest(moved, payload, options);
    if (response.status >= 300) throw answerError(response, options.action, this.#parts.clock.now());
    return response;
  }

  /** Asks for one more nonce, and keeps it. @throws AcmeLedgerError */
  async fetchNonce(signal?: AbortSignal): Promise<void> {
    this.#nonces.offer(await this.#newNonce(signal));
  }

  /** RFC 8555 §6.5: a rejected nonce is answered by trying at once with the one that came with the rejection, signed anew. */
  async #acceptedNonce(url: string, payload: object | null, options: CallOptions): Promise<HttpResponse> {
    let nonce = await this.#takeNonce(options.signal);
    for (let tries = 1; ; tries += 1) {
      const response = await this.#post(url, payload, nonce, options, tries);
      const next = response === null ? undefined : replayNonce(response);
      if (response !== null && (tries === maxTries || !this.#isBadNonce(response))) {
        this.#nonces.giveBack(next);
        return response;
      }
      const fresh = this.#nonces.admit(next);
      if (fresh === undefined) this.#nonces.giveBack(undefined);
      nonce = fresh ?? (await this.#takeNonce(options.signal));
    }
  }

  /** The answer; null when the connection was closed under a request that may be repeated: it has no effect (POST-as-GET, §6.3), or wasn't sent. */
  async #post(
    url: string,
    payload: object | null,
    nonce: string,
    options: CallOptions,
    tries: number,
  ): Promise<HttpResponse | null> {
    const {
      signal,
      assertAllowed,
      kid = null,
      accept = 'application/json, application/problem+json',
    } = options;
    try {
      const data = this.createSignedBody(url, payload, { nonce, kid });
      return await this.request(url, 'post', { data, headers: { Accept: accept }, signal, assertAllowed });
    } catch (error) {
      if (tries === 1 && isReset(error) && (payload === null || isUnsent(error))) return null;
      if (isUnsent(error)) this.#nonces.giveBackUnused(nonce);
      else this.#nonces.giveBack(undefined);
      throw error;
    }
  }

  async #takeNonce(signal: AbortSignal | undefined): Promise<string> {
    try {
      return await this.#nonces.take(signal);
    } catch (error) {
      throw unsentError(error, signal);
    }
  }

  /** RFC 8555 §7.2: HEAD, or GET, which every server has. */
  async #newNonce(signal: AbortSignal | undefined): Promise<string | undefined> {
    const url = await this.getResourceUrl('newNonce');
    let response = await this.request(url, this.#nonceMethod, { signal });
    if (this.#nonceMethod === 'head' && (lacksHead(response) || lacksNonce(response))) {
      response = await this.request(url, 'get', { signal });
      if (response.status < 300 && replayNonce(response) !== undefined) this.#nonceMethod = 'get';
    }
    if (isMissing(response) && (await this.#parts.movedUrl(url)) !== null) return this.#newNonce(signal);
    if (response.status >= 300) throw answerError(response, 'to give a nonce', this.#parts.clock.now());
    return replayNonce(response);
  }

  #isBadNonce(response: HttpResponse): boolean {
    return (
      response.status >= 400 && isProblem(answerError(response, '', this.#parts.clock.now()), 'badNonce')
    );
  }

  /** RFC 8555 §7.3.4: the account key, signed with the MAC key that the CA gave out. */
  #bound(url: string, payload: object | null, options: CallOptions): object | null {
    const binding =
      options.includeExternalAccountBinding === true ? options.externalAccountBinding : undefined;
    if (binding === undefined) return payload;
    const externalAccountBinding = this.createSignedHmacBody(binding.hmacKey, url, this.getJwk(), {
      kid: binding.kid,
    });
    return { ...payload, externalAccountBinding };
  }
}

/** Whether no resource is behind the URL (RFC 9110 §15.5), so that nothing was done. */
function isMissing({ status }: HttpResponse): boolean {
  return status === 404 || status === 405 || status === 410;
}

function lacksHead(response: HttpResponse): boolean {
  return isMissing(response) || response.status === 501;
}

function lacksNonce(response: HttpResponse): boolean {
  return response.status < 300 && replayNonce(response) === undefined;
}

function replayNonce(response: HttpResponse): string | undefined {
  const header = response.headers['replay-nonce'];
  return typeof header === 'string' ? header : undefined;
}
