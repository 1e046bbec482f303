import { ConnectionFailure, unreachable } from '../../src/acme/http/connection-failure.ts';
import type { Answer, Authorization, Challenge, Order } from '../../src/acme/objects/resources.ts';
import type { Guard, Session } from '../../src/acme/session.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import type { Identifier } from '../../src/identifiers.ts';

interface HeldOrder {
  identifiers: Identifier[];
  authorizationUrls: string[];
}

/**
 * The CA of one account, in memory, for what would take minutes with a real one. A challenge that it takes is valid at once. Where
 * several orders want the same name, they share its authorization, as some CAs do.
 */
export class TinyCa {
  readonly authorizations = new Map<string, Authorization['status']>();
  /** Names by authorization, in the order in which they were deactivated. */
  readonly deactivated: string[] = [];
  readonly submitted: string[] = [];
  newOrders = 0;
  /** So many challenge POSTs are lost on their way to the CA. */
  losesSubmits = 0;
  /**
   * So many validations that it begins die, and leave the authorization `pending`. A further submit of one begins anew, or is answered 409
   * without end where `isStubborn`.
   */
  validationsThatDie = 0;
  isStubborn = false;
  readonly #dead = new Set<string>();
  readonly #orders = new Map<string, HeldOrder>();
  readonly #nameOf = new Map<string, Identifier>();

  session(): Session {
    const session: Partial<Session> = {
      newOrder: ({ identifiers }, guard) => this.#act(() => this.#newOrder(identifiers), guard),
      getOrder: (url) => this.#act(() => this.#order(url)),
      getAuthorization: (url) => this.#act(() => this.#authorization(url)),
      deactivateAuthorization: (url, guard) => this.#act(() => this.#deactivate(url), guard),
      submitChallenge: (url, guard) => this.#act(() => this.#submit(url), guard),
      listOrders: () => Promise.resolve(null),
      keyAuthorization: (token) => `${token}.thumbprint`,
    };
    return session as Session;
  }

  /** How many are open now. */
  pending(): number {
    return [...this.authorizations.values()].filter((status) => status === 'pending').length;
  }

  async #act<T>(answer: () => T, guard?: Guard): Promise<Answer<T>> {
    await new Promise((resolve) => setImmediate(resolve));
    await guard?.assertAllowed();
    return { ...answer(), retryAt: null };
  }

  #newOrder(identifiers: Identifier[]): Order {
    this.newOrders += 1;
    const authorizationUrls = identifiers.map((identifier) => {
      const url = this.#nextUrl(`https://ca.test/authz/${identifier.value}`);
      this.#nameOf.set(url, identifier);
      if (!this.authorizations.has(url)) this.authorizations.set(url, 'pending');
      return url;
    });
    const url = `https://ca.test/order/${this.newOrders}`;
    this.#orders.set(url, { identifiers, authorizationUrls });
    return this.#order(url);
  }

  /** One that is over isn't used again. */
  #nextUrl(first: string): string {
    let url = first;
    for (let next = 2; ['invalid', 'deactivated'].includes(this.authorizations.get(url) ?? ''); next += 1)
      url = `${first}?${String(next)}`;
    return url;
  }

  #order(url: string): Order {
    const order = this.#orders.get(url);
    if (order === undefined) throw notFound();
    const statuses = order.authorizationUrls.map((each) => this.authorizations.get(each));
    const status = statuses.every((each) => each === 'valid')
      ? 'ready'
      : statuses.every((each) => each === 'valid' || each === 'pending')
        ? 'pending'
        : 'invalid';
    return {
      url,
      status,
      expiresAt: null,
      profile: null,
      replaces: null,
      finalizeUrl: `${url}/finalize`,
      certificateUrl: null,
      error: null,
      ...order,
    };
  }

  #authorization(url: string): Authorization {
    const status = this.authorizations.get(url);
    const identifier = this.#nameOf.get(url);
    if (status === undefined || identifier === undefined) throw notFound();
    const challenge: Challenge = {
      url: `${url}/challenge`,
      type: 'http-01',
      status: 'pending',
      token: 'token-1',
      error: null,
    };
    return { url, status, expiresAt: null, identifier, wildcard: false, challenges: [challenge] };
  }

  #deactivate(url: string): Authorization {
    this.deactivated.push(url.slice(url.lastIndexOf('/') + 1));
    this.authorizations.set(url, 'deactivated');
    return this.#authorization(url);
  }

  #submit(url: string): Challenge {
    if (this.losesSubmits > 0) {
      this.losesSubmits -= 1;
      throw unreachable(new ConnectionFailure('reset', true, 'ca.test closed the connection'), 'POST');
    }
    const authorization = url.replace(/\/challenge$/, '');
    const challenge: Challenge = { url, type: 'http-01', status: 'pending', token: 'token-1', error: null };
    if (this.#dead.has(authorization) && this.isStubborn) throw beingValidated();
    this.#dead.delete(authorization);
    if (this.validationsThatDie > 0) {
      this.validationsThatDie -= 1;
      this.#dead.add(authorization);
      return challenge;
    }
    this.submitted.push(authorization.slice(authorization.lastIndexOf('/') + 1));
    this.authorizations.set(authorization, 'valid');
    return challenge;
  }
}

function beingValidated(): AcmeLedgerError {
  return new AcmeLedgerError('ca-problem', 'Authorization is already being validated', { httpStatus: 409 });
}

function notFound(): AcmeLedgerError {
  return new AcmeLedgerError('ca-answer', 'there is no such thing', { httpStatus: 404 });
}
