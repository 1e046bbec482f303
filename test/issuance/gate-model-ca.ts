import type { Authorization, Challenge, Order } from '../../src/acme/objects/resources.ts';
import { AcmeLedgerError } from '../../src/errors.ts';
import type { Identifier } from '../../src/identifiers.ts';

/** What CAs differ in. */
export interface CaTraits {
  /** Whether orders for overlapping sets of names share a name's pending authorization. */
  sharesPending: boolean;
  reusesValid: boolean;
  /** Whether newOrder answers with the open order for the same names; Boulder stops that after one of them failed. */
  reusesOrders: 'never' | 'always' | 'unless-one-failed';
  listsOrders: boolean;
  /** As step-ca and Caddy, which don't implement it. */
  refusesDeactivation: boolean;
  /** Answers 404 for what has expired, as Boulder does; else shows it as expired. */
  forgetsExpired: boolean;
  orderLifeMs: number;
  authorizationLifeMs: number;
}

export interface HeldAuthorization {
  url: string;
  identifier: Identifier;
  status: 'pending' | 'valid' | 'invalid' | 'deactivated';
  expiresMs: number;
  /** When its verdict falls; null while no challenge POST took effect. */
  decidedMs: number | null;
  verdict: 'valid' | 'invalid';
}

interface HeldOrder {
  url: string;
  identifiers: Identifier[];
  authorizations: HeldAuthorization[];
  expiresMs: number;
  isIssued: boolean;
}

/** With the time on the way less than the minute after which a submit without answer and verdict is taken for lost. */
const validationMs = 45_000;
const validLifeMs = 30 * 86_400_000;

/** A CA with one account, in memory. It acts at once; when its answers arrive, or whether, is the network's part. */
export class ModelCa {
  nowMs: number;
  readonly traits: CaTraits;
  readonly authorizations = new Map<string, HeldAuthorization>();
  readonly #orders = new Map<string, HeldOrder>();

  constructor(traits: CaTraits, start: Date) {
    this.traits = traits;
    this.nowMs = start.getTime();
  }

  /** How many are pending now: what the gate has to bound. */
  open(): HeldAuthorization[] {
    return [...this.authorizations.values()].filter((each) => this.#statusOf(each) === 'pending');
  }

  /** Whether a challenge POST took effect, whatever came of it. */
  isSubmitted(url: string): boolean {
    return (this.authorizations.get(url)?.decidedMs ?? null) !== null;
  }

  statusOf(url: string): Authorization['status'] | undefined {
    const held = this.authorizations.get(url);
    return held === undefined ? undefined : this.#statusOf(held);
  }

  undecided(): HeldAuthorization[] {
    return this.open().filter(({ decidedMs }) => decidedMs !== null);
  }

  newOrder(identifiers: Identifier[]): Order {
    const reused = this.#reusable(identifiers);
    if (reused !== undefined) return this.#shown(reused);
    const number = this.#orders.size + 1;
    const order: HeldOrder = {
      url: `https://ca.test/order/${number}`,
      identifiers,
      authorizations: identifiers.map((identifier) => this.#authorizationFor(identifier)),
      expiresMs: this.nowMs + this.traits.orderLifeMs,
      isIssued: false,
    };
    this.#orders.set(order.url, order);
    return this.#shown(order);
  }

  getOrder(url: string): Order {
    const order = this.#orders.get(url);
    if (order === undefined || (this.traits.forgetsExpired && order.expiresMs <= this.nowMs))
      throw refusal(404, 'no such order');
    return this.#shown(order);
  }

  listOrders(): string[] {
    return [...this.#orders.keys()].reverse();
  }

  getAuthorization(url: string): Authorization {
    const held = this.authorizations.get(url);
    if (held === undefined) throw refusal(404, 'no such authorization');
    const status = this.#statusOf(held);
    if (status === 'expired' && this.traits.forgetsExpired) throw refusal(404, 'Expired authorization');
    const { identifier, expiresMs } = held;
    const challenge = this.#challenge(held, status === 'valid' || status === 'invalid' ? status : 'pending');
    return {
      url,
      status,
      expiresAt: new Date(expiresMs),
      identifier,
      wildcard: false,
      challenges: [challenge],
    };
  }

  /** RFC 8555 §7.5.1. */
  submitChallenge(challengeUrl: string): Challenge {
    const held = this.#known(challengeUrl.replace(/\/challenge$/, ''));
    if (this.#statusOf(held) !== 'pending') throw refusal(400, 'the authorization is not pending');
    held.decidedMs ??= this.nowMs + validationMs;
    return this.#challenge(held, 'pending');
  }

  /** RFC 8555 §7.5.2. */
  deactivateAuthorization(url: string): Authorization {
    const held = this.#known(url);
    if (this.traits.refusesDeactivation) throw refusal(400, 'expected POST-as-GET');
    if (['pending', 'valid'].includes(this.#statusOf(held))) held.status = 'deactivated';
    return this.getAuthorization(url);
  }

  /** RFC 8555 §7.4; the certificate is there at once. */
  finalize(orderUrl: string): Order {
    const order = this.#orders.get(orderUrl);
    if (order === undefined || this.#orderStatus(order) !== 'ready') throw orderNotReady();
    order.isIssued = true;
    return this.#shown(order);
  }

  /** The verdict falls now. */
  decide(held: HeldAuthorization, verdict: 'valid' | 'invalid'): void {
    held.verdict = verdict;
    held.decidedMs = Math.min(held.decidedMs ?? this.nowMs, this.nowMs);
  }

  #reusable(identifiers: Identifier[]): HeldOrder | undefined {
    const { reusesOrders } = this.traits;
    if (reusesOrders === 'never') return undefined;
    const same = [...this.#orders.values()].filter(
      (order) => keyOf(order.identifiers) === keyOf(identifiers) && order.expiresMs > this.nowMs,
    );
    const candidates = reusesOrders === 'always' ? same : same.filter((order) => !order.isIssued).slice(0, 1);
    return candidates.find((order) => ['pending', 'ready'].includes(this.#orderStatus(order)));
  }

  #authorizationFor(identifier: Identifier): HeldAuthorization {
    const reusable = [...this.authorizations.values()].find((held) => {
      const status = this.#statusOf(held);
      const isReused =
        (status === 'pending' && this.traits.sharesPending) ||
        (status === 'valid' && this.traits.reusesValid);
      return held.identifier.value === identifier.value && isReused;
    });
    if (reusable !== undefined) return reusable;
    const held: HeldAuthorization = {
      url: `https://ca.test/authz/${this.authorizations.size + 1}`,
      identifier,
      status: 'pending',
      expiresMs: this.nowMs + this.traits.authorizationLifeMs,
      decidedMs: null,
      verdict: 'valid',
    };
    this.authorizations.set(held.url, held);
    return held;
  }

  #known(url: string): HeldAuthorization {
    const held = this.authorizations.get(url);
    if (held === undefined) throw refusal(404, 'no such authorization');
    if (this.#statusOf(held) === 'expired') throw refusal(404, 'Expired authorization');
    return held;
  }

  #statusOf(held: HeldAuthorization): Authorization['status'] {
    // A verdict that fell before the authorization would have expired counts, whenever somebody looks.
    if (held.status === 'pending' && held.decidedMs !== null && held.decidedMs <= this.nowMs) {
      held.status = held.verdict;
      if (held.verdict === 'valid') held.expiresMs = held.decidedMs + validLifeMs;
    }
    return held.status !== 'deactivated' && held.expiresMs <= this.nowMs ? 'expired' : held.status;
  }

  /** RFC 8555 §7.1.6. */
  #orderStatus(order: HeldOrder): Order['status'] {
    if (order.isIssued) return 'valid';
    const statuses = order.authorizations.map((held) => this.#statusOf(held));
    if (order.expiresMs <= this.nowMs) return 'invalid';
    if (statuses.every((status) => status === 'valid')) return 'ready';
    return statuses.every((status) => status === 'valid' || status === 'pending') ? 'pending' : 'invalid';
  }

  #shown(order: HeldOrder): Order {
    return {
      url: order.url,
      status: this.#orderStatus(order),
      expiresAt: new Date(order.expiresMs),
      identifiers: order.identifiers,
      profile: null,
      replaces: null,
      authorizationUrls: order.authorizations.map(({ url }) => url),
      finalizeUrl: `${order.url}/finalize`,
      certificateUrl: order.isIssued ? `${order.url}/certificate` : null,
      error: null,
    };
  }

  #challenge({ url }: HeldAuthorization, status: Challenge['status']): Challenge {
    const token = `token-${url.slice(url.lastIndexOf('/') + 1)}`;
    return { url: `${url}/challenge`, type: 'http-01', status, token, error: null };
  }
}

function keyOf(identifiers: Identifier[]): string {
  return identifiers
    .map(({ value }) => value)
    .toSorted()
    .join(' ');
}

function refusal(status: number, detail: string): AcmeLedgerError {
  const problem = { type: 'urn:ietf:params:acme:error:malformed', detail, status, subproblems: [] };
  return new AcmeLedgerError('ca-problem', detail, { httpStatus: status, problem });
}

function orderNotReady(): AcmeLedgerError {
  const detail = 'the order is not ready';
  const problem = { type: 'urn:ietf:params:acme:error:orderNotReady', detail, status: 403, subproblems: [] };
  return new AcmeLedgerError('ca-problem', detail, { httpStatus: 403, problem });
}
