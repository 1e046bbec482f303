import type { SeenRequest } from './acme-request.ts';

/** One authorization as the answers that passed by showed it. */
export interface CountedAuthorization {
  url: string;
  identifier?: { type: string; value: string };
  /** `pending` until an answer said otherwise; `gone` after a 404. */
  status: string;
  /** A challenge of it was accepted. */
  isSubmitted: boolean;
}

interface AnswerSeen {
  status: number;
  location: string | undefined;
  body: string;
}

/** Keeps count of a CA's authorizations by reading what passes, without asking anything itself. */
export class AuthorizationCensus {
  /** By URL, in the order of their making. */
  readonly authorizations = new Map<string, CountedAuthorization>();
  /** The most that were ever open (neither final nor deactivated, as far as was seen) at one time. */
  mostOpen = 0;
  private readonly authorizationsOfOrder = new Map<string, string[]>();
  private readonly authorizationOfChallenge = new Map<string, string>();
  private readonly shown = new Set<string>();

  open(): CountedAuthorization[] {
    return [...this.authorizations.values()].filter(({ status }) => status === 'pending');
  }

  /** Open, and no challenge was ever submitted: what a run that has ended must not leave behind. */
  unsubmitted(): CountedAuthorization[] {
    return this.open().filter(({ isSubmitted }) => !isSubmitted);
  }

  wasShown(url: string): boolean {
    return this.shown.has(url);
  }

  /** Takes in an answer of the CA, whether or not it reaches the client. */
  record({ kind, url }: SeenRequest, answer: AnswerSeen): void {
    if (kind === 'authz' || kind === 'authzPoll' || kind === 'deactivate') {
      this.recordAuthorization(url, answer);
      return;
    }
    if (answer.status >= 300) return;
    if (kind === 'newOrder') this.recordOrder(answer.location ?? url, answer.body);
    if (kind === 'order') this.recordOrder(url, answer.body);
    if (kind === 'finalize') this.recordOrder(answer.location ?? url, answer.body);
    if (kind === 'challenge') this.recordSubmitted(url);
  }

  private recordOrder(url: string, body: string): void {
    const order = parsed(body);
    const urls = order?.authorizations ?? this.authorizationsOfOrder.get(url) ?? [];
    this.authorizationsOfOrder.set(url, urls);
    for (const authorization of urls) this.entry(authorization);
    // RFC 8555 §7.1.6: an order leaves "pending" for these only when all its authorizations are valid.
    if (['ready', 'processing', 'valid'].includes(order?.status ?? '')) {
      for (const authorization of urls) this.entry(authorization).status = 'valid';
    }
    this.mostOpen = Math.max(this.mostOpen, this.open().length);
  }

  private recordAuthorization(url: string, answer: AnswerSeen): void {
    if (answer.status === 404) this.entry(url).status = 'gone';
    if (answer.status !== 200) return;
    const body = parsed(answer.body);
    const entry = this.entry(url);
    this.shown.add(url);
    entry.status = body?.status ?? entry.status;
    if (body?.identifier !== undefined) entry.identifier = body.identifier;
    for (const challenge of body?.challenges ?? []) this.authorizationOfChallenge.set(challenge.url, url);
    this.mostOpen = Math.max(this.mostOpen, this.open().length);
  }

  private recordSubmitted(url: string): void {
    const authorization = this.authorizationOfChallenge.get(url);
    if (authorization !== undefined) this.entry(authorization).isSubmitted = true;
  }

  private entry(url: string): CountedAuthorization {
    const known = this.authorizations.get(url) ?? { url, status: 'pending', isSubmitted: false };
    this.authorizations.set(url, known);
    return known;
  }
}

/** The fields that this file reads of orders and authorizations, which share some. */
interface Resource {
  status?: string;
  authorizations?: string[];
  identifier?: { type: string; value: string };
  challenges?: { url: string }[];
}

function parsed(body: string): Resource | undefined {
  try {
    return JSON.parse(body) as Resource;
  } catch {
    return undefined;
  }
}
