import type { SeenRequest } from './acme-request.ts';
import { type ResourceText, parsed } from './resource-text.ts';

/** One order as the answers that passed by showed it. */
export interface CountedOrder {
  url: string;
  account?: string;
  /** In lower case and sorted, as CAs compare them. */
  names: string[];
  profile?: string;
  /** The certificate that it says it replaces (RFC 9773 §5). */
  replaces?: string;
  /** As an answer last showed it; `gone` after a 404. */
  status: string;
  authorizations: string[];
  /** How many newOrder requests it was the answer to. */
  newOrders: number;
  /** How many finalize requests were accepted. From the first one on, a certificate has been paid for. */
  finalizations: number;
  certificateUrl?: string;
  /** How many times the certificate was handed out. */
  downloads: number;
  /** The order itself as last shown, as text. */
  lastBody: string;
}

/** What the census reads of an answer. */
export interface AnswerSeen {
  status: number;
  location: string | undefined;
  body: string;
}

/** What newOrder asks for (RFC 8555 §7.4). */
export interface NewOrderAsked {
  names: string[];
  profile?: string;
  replaces?: string;
}

/** Reads the payload of a newOrder. */
export function wantedOf(payload: unknown): NewOrderAsked {
  const { identifiers = [], profile, replaces } = (payload ?? {}) as WirePayload;
  return {
    names: normalized(identifiers.map(({ value }) => value)),
    ...(profile === undefined ? {} : { profile }),
    ...(replaces === undefined ? {} : { replaces }),
  };
}

interface WirePayload {
  identifiers?: { value: string }[];
  profile?: string;
  replaces?: string;
}

/** The part of the census that is about orders. */
export class OrderCensus {
  readonly orders = new Map<string, CountedOrder>();
  private readonly byFinalize = new Map<string, CountedOrder>();
  private readonly byCertificate = new Map<string, CountedOrder>();

  ordersFor(names: string[]): CountedOrder[] {
    const wanted = normalized(names).join();
    return [...this.orders.values()].filter((order) => order.names.join() === wanted);
  }

  ofFinalize(url: string): CountedOrder | undefined {
    return this.byFinalize.get(url);
  }

  /** @returns the order that the answer showed, if it showed one. */
  record(request: SeenRequest, answer: AnswerSeen): CountedOrder | undefined {
    const { kind, url } = request;
    if (kind === 'order' && answer.status === 404) this.entry(url, request).status = 'gone';
    if (answer.status >= 300) return undefined;
    if (kind === 'certificate') this.recordDownload(url);
    if (kind === 'finalize') return this.recordFinalize(request, answer);
    if (kind !== 'newOrder' && kind !== 'order') return undefined;
    const order = this.entry(kind === 'newOrder' ? (answer.location ?? url) : url, request);
    if (kind === 'newOrder') this.recordCreated(order, request);
    this.show(order, answer.body);
    return order;
  }

  private recordCreated(order: CountedOrder, { payload }: SeenRequest): void {
    order.newOrders += 1;
    if (order.newOrders === 1) Object.assign(order, wantedOf(payload));
  }

  private recordFinalize(request: SeenRequest, answer: AnswerSeen): CountedOrder | undefined {
    const order = this.byFinalize.get(request.url) ?? this.orders.get(answer.location ?? '');
    if (order === undefined) return undefined;
    order.finalizations += 1;
    this.show(order, answer.body);
    return order;
  }

  private recordDownload(url: string): void {
    const order = this.byCertificate.get(url);
    if (order !== undefined) order.downloads += 1;
  }

  private show(order: CountedOrder, body: string): void {
    const shown: ResourceText = parsed(body) ?? {};
    order.lastBody = body;
    order.status = shown.status ?? order.status;
    order.authorizations = shown.authorizations ?? order.authorizations;
    if (shown.finalize !== undefined) this.byFinalize.set(shown.finalize, order);
    if (shown.certificate !== undefined) {
      order.certificateUrl = shown.certificate;
      this.byCertificate.set(shown.certificate, order);
    }
  }

  private entry(url: string, { account }: SeenRequest): CountedOrder {
    const known = this.orders.get(url) ?? {
      url,
      ...(account === undefined ? {} : { account }),
      names: [],
      status: 'pending',
      authorizations: [],
      newOrders: 0,
      finalizations: 0,
      downloads: 0,
      lastBody: '',
    };
    this.orders.set(url, known);
    return known;
  }
}

function normalized(names: string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}
