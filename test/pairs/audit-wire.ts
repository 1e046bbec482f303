import type { Finding } from './audit-finding.ts';
import type { WireEntry } from './wire.ts';

/** A certificate that was handed out. */
export interface IssuedCertificate {
  who: string;
  /** Its place among all finalized orders: a later one is newer. */
  place: number;
  names: string;
  pem: string;
}

interface OrderSeen {
  url: string;
  who: string;
  names: string;
  status: string;
  authorizations: string[];
  certificateUrl: string | null;
  isFetched: boolean;
  place: number | null;
}

interface AuthorizationSeen {
  status: string;
  isSubmitted: boolean;
}

interface Body {
  status?: string;
  identifiers?: { value: string }[];
  authorizations?: string[];
  finalize?: string;
  certificate?: string;
  challenges?: { url: string }[];
}

/** Replays what the CA was asked and answered, and says what of it must not have been. */
export class WireAudit {
  readonly findings: Finding[] = [];
  readonly certificates: IssuedCertificate[] = [];
  private readonly orders = new Map<string, OrderSeen>();
  private readonly authorizations = new Map<string, AuthorizationSeen>();
  private readonly ofChallenge = new Map<string, string>();
  private readonly ofFinalize = new Map<string, OrderSeen>();
  private finalized = 0;
  /** A person asked for it: `--method submit`. */
  private readonly maySubmitUnanswered: boolean;

  constructor(entries: readonly WireEntry[], maySubmitUnanswered: boolean) {
    this.maySubmitUnanswered = maySubmitUnanswered;
    for (const entry of entries) if (entry.status < 300) this.replay(entry);
  }

  private replay(entry: WireEntry): void {
    const body = entry.kind === 'certificate' ? {} : parsed(entry.body);
    if (entry.kind === 'newOrder') this.replayNewOrder(entry, body);
    else if (entry.kind === 'order') this.showOrder(entry.url, entry, body);
    else if (entry.kind === 'finalize') this.replayFinalize(entry, body);
    else if (entry.kind === 'deactivate') this.replayDeactivation(entry);
    else if (entry.kind === 'challenge') this.replaySubmit(entry);
    else if (entry.kind === 'certificate') this.replayDownload(entry);
    if (['authz', 'authzPoll', 'deactivate'].includes(entry.kind)) this.showAuthorization(entry, body);
  }

  private replayNewOrder(entry: WireEntry, body: Body): void {
    const url = entry.location ?? '';
    const isNew = !this.orders.has(url);
    const others = [...this.orders.values()];
    const order = this.showOrder(url, entry, body);
    if (!isNew) return;
    for (const other of others) {
      if (other.names === order.names && this.isOfUse(other))
        this.add(
          'one order',
          `${entry.who} orders ${order.names} anew; ${other.who}'s order is ${other.status}`,
        );
    }
  }

  /** Something may still come of it, or came and wasn't fetched. Another client's order is none of ours. */
  private isOfUse(order: OrderSeen): boolean {
    if (order.who === 'another client') return false;
    if (order.status === 'valid') return !order.isFetched;
    const states = order.authorizations.map((url) => this.authorizations.get(url)?.status ?? 'pending');
    return order.status !== 'invalid' && states.every((state) => ['pending', 'valid'].includes(state));
  }

  private replayFinalize(entry: WireEntry, body: Body): void {
    const order = this.ofFinalize.get(entry.url);
    if (order === undefined) return;
    if (order.place !== null) this.add('one order', `${entry.who} finalizes ${order.names} again`);
    this.finalized += 1;
    order.place = this.finalized;
    this.showOrder(order.url, entry, body);
  }

  private replayDeactivation({ who, url }: WireEntry): void {
    const { status, isSubmitted } = this.entry(url);
    const path = new URL(url).pathname;
    if (status === 'valid') this.add('thrown away', `${who} deactivates ${path}, which is valid`);
    else if (isSubmitted && status === 'pending')
      this.add('thrown away', `${who} deactivates ${path}, which was submitted`);
  }

  private replaySubmit({ who, url }: WireEntry): void {
    const authorization = this.entry(this.ofChallenge.get(url) ?? url);
    if (authorization.isSubmitted && authorization.status === 'pending')
      this.add('owner', `${who} submits ${new URL(url).pathname}, which was submitted`);
    authorization.isSubmitted = true;
  }

  private replayDownload({ who, url, body }: WireEntry): void {
    const order = [...this.orders.values()].find(({ certificateUrl }) => certificateUrl === url);
    if (order === undefined) return;
    order.isFetched = true;
    this.certificates.push({ who, place: order.place ?? 0, names: order.names, pem: body });
  }

  private showOrder(url: string, { who }: WireEntry, body: Body): OrderSeen {
    const known = this.orders.get(url) ?? {
      url,
      who,
      names: (body.identifiers ?? [])
        .map(({ value }) => value)
        .sort()
        .join(' '),
      status: 'pending',
      authorizations: [],
      certificateUrl: null,
      isFetched: false,
      place: null,
    };
    this.orders.set(url, known);
    known.status = body.status ?? known.status;
    known.authorizations = body.authorizations ?? known.authorizations;
    known.certificateUrl = body.certificate ?? known.certificateUrl;
    if (body.finalize !== undefined) this.ofFinalize.set(body.finalize, known);
    // RFC 8555 §7.1.6: an order gets there only when all its authorizations are valid.
    if (['ready', 'processing', 'valid'].includes(known.status)) {
      for (const one of known.authorizations) this.entry(one).status = 'valid';
    }
    return known;
  }

  private showAuthorization({ who, url, kind }: WireEntry, body: Body): void {
    const authorization = this.entry(url);
    for (const challenge of body.challenges ?? []) this.ofChallenge.set(challenge.url, url);
    if (body.status === 'invalid' && authorization.status !== 'invalid' && !this.maySubmitUnanswered)
      this.add('failed validation', `${who} sees ${new URL(url).pathname} invalid, and nothing was wrong`);
    // What was once seen valid can't be pending again: a stale answer.
    if (body.status !== 'pending' || kind === 'deactivate')
      authorization.status = body.status ?? authorization.status;
  }

  private entry(url: string): AuthorizationSeen {
    const known = this.authorizations.get(url) ?? { status: 'pending', isSubmitted: false };
    this.authorizations.set(url, known);
    return known;
  }

  private add(promise: Finding['promise'], text: string): void {
    this.findings.push({ promise, text });
  }
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body;
  } catch {
    return {};
  }
}
