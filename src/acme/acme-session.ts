import AcmeApi from 'acme-client/src/api.js';
import type { HttpResponse } from 'acme-client/src/http.js';
import type { Clock } from '../clock.ts';
import { parseAccount } from './objects/account.ts';
import { parseAuthorization, parseChallenge } from './objects/authorization.ts';
import { chainsAt } from './chain-download.ts';
import { asDeparture } from './acme-client-errors.ts';
import { requiredUrl } from './objects/fields.ts';
import { linkedUrls } from './objects/links.ts';
import { orderUrls } from './order-list.ts';
import { parseOrder } from './objects/order.ts';
import { parseNewOrder } from './objects/new-order.ts';
import { parseResource } from './objects/any-resource.ts';
import { isProblem } from './objects/problems.ts';
import { assertRegistrable, registrationError } from './registration.ts';
import type {
  Account,
  Answer,
  Authorization,
  Chain,
  Challenge,
  Directory,
  NewOrder,
  Order,
  Resource,
} from './objects/resources.ts';
import { retryAfter } from './objects/parse-retry-after.ts';
import type { Guard, Registration, Session } from './session.ts';
import type { CallOptions, SignedHttp } from './http/signed-http.ts';

interface Parts {
  http: SignedHttp;
  directory: () => Directory;
  clock: Clock;
  accountUrl: string | null;
  keyAuthorization: (token: string) => string;
  close: () => void;
}

const successes = [200, 201, 202, 203, 204, 205, 206];

export class AcmeSession implements Session {
  readonly keyAuthorization: (token: string) => string;
  readonly close: () => void;
  readonly #parts: Parts;
  #account: { url: string } | null;
  #ordersUrl: string | null | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.keyAuthorization = parts.keyAuthorization;
    this.close = parts.close;
    this.#account = parts.accountUrl === null ? null : { url: parts.accountUrl };
  }

  get directory(): Directory {
    return this.#parts.directory();
  }

  get account(): { url: string } | null {
    return this.#account;
  }

  async register(registration: Registration, signal?: AbortSignal): Promise<Account> {
    assertRegistrable(this.directory, registration);
    const { email, agreeTos, externalAccountBinding } = registration;
    const payload = {
      ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
      ...(agreeTos ? { termsOfServiceAgreed: true } : {}),
    };
    const options = { action: 'to register the account', externalAccountBinding, signal };
    try {
      return this.#adopt(await this.#call(options, (api) => api.createAccount(payload)));
    } catch (error) {
      throw registrationError(error, registration);
    }
  }

  updateContact(email: string, signal?: AbortSignal): Promise<Account> {
    const options = { action: 'to change the e-mail address of the account', signal };
    return this.#updateAccount(options, { contact: [`mailto:${email}`] });
  }

  deactivateAccount(guard: Guard): Promise<Account> {
    return this.#updateAccount({ action: 'to deactivate the account', ...guard }, { status: 'deactivated' });
  }

  async findAccount(signal?: AbortSignal): Promise<Account | null> {
    try {
      const options = { action: 'to look up the account', signal };
      return this.#adopt(await this.#call(options, (api) => api.createAccount({ onlyReturnExisting: true })));
    } catch (error) {
      if (isProblem(error, 'accountDoesNotExist')) return null;
      throw error;
    }
  }

  async newOrder(order: NewOrder, guard: Guard): Promise<Answer<Order>> {
    // Any success besides RFC 8555's 201: an order that isn't recognised as one would be a leak.
    const response = await this.#signed({ action: 'to make the order', ...guard }, (api) =>
      api.apiResourceRequest('newOrder', order, successes),
    );
    return this.#answer(response, parseNewOrder(response, this.directory.newOrder));
  }

  async getOrder(url: string, signal?: AbortSignal): Promise<Answer<Order>> {
    const response = await this.#signed({ action: 'to show the order', signal }, (api) => api.getOrder(url));
    return this.#answer(response, parseOrder(response.data, url));
  }

  async getAuthorization(url: string, signal?: AbortSignal): Promise<Answer<Authorization>> {
    const options = { action: 'to show the authorization', signal };
    const response = await this.#signed(options, (api) => api.getAuthorization(url));
    return this.#answer(response, parseAuthorization(response.data, url));
  }

  async submitChallenge(url: string, guard: Guard): Promise<Answer<Challenge>> {
    const options = { action: 'to take the challenge', ...guard };
    const response = await this.#signed(options, (api) => api.completeChallenge(url, {}));
    return this.#answer(response, parseChallenge(response.data, url));
  }

  async getResource(url: string, signal?: AbortSignal): Promise<Resource> {
    // POST-as-GET (§6.3): an empty object would submit a challenge.
    const response = await this.#signed({ action: 'to show it', signal }, (api) =>
      api.apiRequest(url, null, [200]),
    );
    return parseResource(response.data, url, linkedUrls(response, 'up', url)[0] ?? null);
  }

  async deactivateAuthorization(url: string, guard: Guard): Promise<Answer<Authorization>> {
    const options = { action: 'to deactivate the authorization', ...guard };
    const response = await this.#signed(options, (api) =>
      api.updateAuthorization(url, { status: 'deactivated' }),
    );
    return this.#answer(response, parseAuthorization(response.data, url));
  }

  async finalize(
    finalizeUrl: string,
    orderUrl: string,
    csrDer: Buffer,
    guard: Guard,
  ): Promise<Answer<Order>> {
    const csr = csrDer.toString('base64url');
    const response = await this.#signed({ action: 'to take the certificate request', ...guard }, (api) =>
      api.finalizeOrder(finalizeUrl, { csr }),
    );
    return this.#answer(response, parseOrder(response.data, orderUrl));
  }

  downloadChains(
    url: string,
    { alternates }: { alternates: boolean },
    signal?: AbortSignal,
  ): Promise<Chain[]> {
    const options = {
      action: 'to hand out the certificate',
      accept: 'application/pem-certificate-chain',
      signal,
    };
    return chainsAt(url, { alternates }, (chainUrl) =>
      this.#signed(options, (api) => api.apiRequest(chainUrl, null, [200])),
    );
  }

  async listOrders(signal?: AbortSignal): Promise<AsyncIterable<string> | null> {
    const get = (url: string): Promise<HttpResponse> =>
      this.#signed({ action: 'to list the orders', signal }, (api) => api.apiRequest(url, null, [200]));
    if (this.#ordersUrl === undefined) {
      const { url } = this.#accountOrThrow();
      this.#ordersUrl = parseAccount((await get(url)).data, url).ordersUrl;
    }
    return this.#ordersUrl === null ? null : orderUrls(this.#ordersUrl, get);
  }

  async revokeCertificate(
    der: Buffer,
    reason: number | undefined,
    guard: Guard,
  ): Promise<'revoked' | 'already-revoked'> {
    const payload = { certificate: der.toString('base64url'), ...(reason === undefined ? {} : { reason }) };
    // RFC 8555 §7.6: signed by the account, or with the key of the certificate, which is this session's key then.
    const signing = { includeJwsKid: this.#account !== null };
    try {
      await this.#call({ action: 'to revoke the certificate', ...guard }, (api) =>
        api.apiResourceRequest('revokeCert', payload, [200], signing),
      );
      return 'revoked';
    } catch (error) {
      if (isProblem(error, 'alreadyRevoked')) return 'already-revoked';
      throw error;
    }
  }

  ping(signal?: AbortSignal): Promise<void> {
    return this.#parts.http.fetchNonce(signal);
  }

  async #updateAccount(options: CallOptions, change: object): Promise<Account> {
    const response = await this.#signed(options, (api) => api.updateAccount(change));
    return parseAccount(response.data, this.#accountOrThrow().url);
  }

  #signed(options: CallOptions, request: (api: AcmeApi) => Promise<HttpResponse>): Promise<HttpResponse> {
    this.#accountOrThrow();
    return this.#call(options, request);
  }

  /** acme-client's API over its HTTP client, with what this one call needs beside. */
  async #call(call: CallOptions, request: (api: AcmeApi) => Promise<HttpResponse>): Promise<HttpResponse> {
    const { http } = this.#parts;
    const face = {
      getResourceUrl: (resource: string) => http.getResourceUrl(resource),
      signedRequest: (url: string, payload: object | null, options = {}) =>
        http.signedRequest(url, payload, { ...options, ...call }),
    };
    try {
      return await request(new AcmeApi(face, this.#account?.url ?? null));
    } catch (error) {
      throw asDeparture(error, call);
    }
  }

  #adopt(response: HttpResponse): Account {
    const url = requiredUrl(response.headers['location'], 'account', 'Location', this.directory.newAccount);
    this.#account = { url };
    // Some CAs answer for a known key with the account's URL alone; its list of orders is learned when it is asked for.
    const { data } = response;
    if (typeof data === 'string' && data.trim() === '') return { url, status: 'valid', ordersUrl: null };
    const account = parseAccount(data, url);
    this.#ordersUrl = account.ordersUrl;
    return account;
  }

  #answer<T>({ headers }: HttpResponse, resource: T): Answer<T> {
    const header = headers['retry-after'];
    return {
      ...resource,
      retryAt: retryAfter(typeof header === 'string' ? header : undefined, this.#parts.clock.now()),
    };
  }

  #accountOrThrow(): { url: string } {
    if (this.#account === null)
      throw new Error('the session has no account: register or findAccount comes first');
    return this.#account;
  }
}
