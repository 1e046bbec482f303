import type { SeenRequest } from './acme-request.ts';
import { type AnswerSeen, type CountedOrder, OrderCensus } from './order-census.ts';
import { parsed } from './resource-text.ts';

/** One authorization as the answers that passed by showed it. */
export interface CountedAuthorization {
  url: string;
  /** Who asked for it. */
  account?: string;
  identifier?: { type: string; value: string };
  isWildcard: boolean;
  /** `pending` until an answer said otherwise; `gone` after a 404. */
  status: string;
  /** A challenge of it was accepted. */
  isSubmitted: boolean;
  /** How many challenge POSTs the CA looked at, those included that it refused because there had been one before. */
  submissions: number;
}

type EndedHook = (authorization: CountedAuthorization, request: SeenRequest) => void;

/** Keeps count of a CA's authorizations and orders by reading what passes, without asking anything itself. */
export class AuthorizationCensus {
  /** By URL, in the order of their making. */
  readonly authorizations = new Map<string, CountedAuthorization>();
  /** The most that were ever open (neither final nor deactivated, as far as was seen) at one time. */
  mostOpen = 0;
  private readonly orderCensus = new OrderCensus();
  private readonly challenges = new Map<string, { authorization: string; body: unknown }>();
  private readonly shown = new Set<string>();
  private readonly whenEnded: EndedHook | undefined;

  constructor(whenEnded?: EndedHook) {
    this.whenEnded = whenEnded;
  }

  /** By URL, in the order of their making. */
  get orders(): ReadonlyMap<string, CountedOrder> {
    return this.orderCensus.orders;
  }

  open(): CountedAuthorization[] {
    return [...this.authorizations.values()].filter(({ status }) => status === 'pending');
  }

  /** Open, and no challenge was ever submitted: what a run that has ended must not leave behind. */
  unsubmitted(): CountedAuthorization[] {
    return this.open().filter(({ isSubmitted }) => !isSubmitted);
  }

  /** The orders for exactly these names, whoever asked and with whatever profile. */
  ordersFor(...names: string[]): CountedOrder[] {
    return this.orderCensus.ordersFor(names);
  }

  /** What the order must be by now, going by what was seen of it and of its authorizations (RFC 8555 §7.1.6). */
  orderStatus(order: CountedOrder): string {
    const statuses = order.authorizations.map((url) => this.authorizations.get(url)?.status);
    if (!['pending', 'ready'].includes(order.status)) return order.status;
    if (order.finalizations > 0) return 'processing';
    if (statuses.every((status) => status === 'valid')) return 'ready';
    return statuses.every((status) => status === 'pending' || status === 'valid') ? 'pending' : 'invalid';
  }

  orderOfFinalize(url: string): CountedOrder | undefined {
    return this.orderCensus.ofFinalize(url);
  }

  /** The authorization that a challenge belongs to, and the challenge as it was last shown. */
  challenge(url: string): { authorization: CountedAuthorization; body: unknown } | undefined {
    const known = this.challenges.get(url);
    return known && { authorization: this.entry(known.authorization), body: known.body };
  }

  wasShown(url: string): boolean {
    return this.shown.has(url);
  }

  /** Takes in an answer of the CA, whether or not it reaches the client. */
  record(request: SeenRequest, answer: AnswerSeen): void {
    const { kind, url } = request;
    if (kind === 'authz' || kind === 'authzPoll' || kind === 'deactivate') {
      this.recordAuthorization(request, answer);
    } else if (kind === 'challenge') {
      this.recordSubmitted(url, answer);
    } else {
      const order = this.orderCensus.record(request, answer);
      if (order !== undefined) this.recordOrder(request, order);
    }
    this.mostOpen = Math.max(this.mostOpen, this.open().length);
  }

  private recordOrder(request: SeenRequest, order: CountedOrder): void {
    for (const url of order.authorizations) this.entry(url, request.account);
    // RFC 8555 §7.1.6: an order leaves "pending" for these only when all its authorizations are valid.
    if (!['ready', 'processing', 'valid'].includes(order.status)) return;
    for (const url of order.authorizations) {
      if (this.entry(url).status === 'pending') this.move(url, 'valid', request);
    }
  }

  private recordAuthorization(request: SeenRequest, answer: AnswerSeen): void {
    const { url } = request;
    if (answer.status === 404) this.move(url, 'gone', request);
    if (answer.status !== 200) return;
    const body = parsed(answer.body);
    const entry = this.entry(url, request.account);
    this.shown.add(url);
    if (body?.identifier !== undefined) entry.identifier = body.identifier;
    if (body?.wildcard === true) entry.isWildcard = true;
    for (const challenge of body?.challenges ?? []) {
      this.challenges.set(challenge.url, { authorization: url, body: challenge });
    }
    if (body?.status !== undefined) this.move(url, body.status, request);
  }

  private recordSubmitted(url: string, { status, body }: AnswerSeen): void {
    const known = this.challenge(url);
    if (known === undefined || status >= 429 || body.includes('error:badNonce')) return;
    known.authorization.submissions += 1;
    if (status < 300) known.authorization.isSubmitted = true;
  }

  private move(url: string, status: string, request: SeenRequest): void {
    const entry = this.entry(url, request.account);
    const hasEnded = entry.status === 'pending' && status !== 'pending';
    entry.status = status;
    if (hasEnded) this.whenEnded?.(entry, request);
  }

  private entry(url: string, account?: string): CountedAuthorization {
    const known = this.authorizations.get(url) ?? {
      url,
      ...(account === undefined ? {} : { account }),
      status: 'pending',
      isWildcard: false,
      isSubmitted: false,
      submissions: 0,
    };
    this.authorizations.set(url, known);
    return known;
  }
}
