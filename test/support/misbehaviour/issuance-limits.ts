import type { SeenRequest } from '../acme-request.ts';
import type { AuthorizationCensus, CountedAuthorization } from '../authorization-census.ts';
import { type NewOrderAsked, wantedOf } from '../order-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import type { UpstreamAnswer } from '../upstream.ts';
import { rateLimited } from './boulder-problem.ts';
import { failedName } from './failed-name.ts';
import { type Allowance, TokenBucket } from './token-bucket.ts';

/** Let's Encrypt's limits on orders; what isn't named isn't limited. */
export interface LimitOptions {
  /** Of an account. */
  newOrders?: Allowance;
  /** Of an account and an identifier. */
  failedAuthorizations?: Allowance;
  /** Of a registered domain, over all accounts. */
  certificatesPerDomain?: Allowance;
  /** Of an exact set of names, over all accounts. */
  certificatesPerSet?: Allowance;
}

/** What a newOrder is measured against. */
interface Check {
  bucket: TokenBucket;
  /** newOrder itself spends it. Others are spent by a failed validation or by a certificate. */
  isSpent: boolean;
  text: string;
  anchor: string;
  allowance: Allowance;
}

type LimitName = keyof LimitOptions;

/** All limits are checked at once, before order reuse is decided; nothing is spent unless all have room. */
export class IssuanceLimits implements CaRule {
  private readonly options: LimitOptions;
  private readonly countsDeactivations: boolean;
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly spentBy = new WeakMap<SeenRequest, TokenBucket[]>();

  constructor(options: LimitOptions, { countDeactivations = true } = {}) {
    this.options = options;
    this.countsDeactivations = countDeactivations;
  }

  before(request: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined {
    if (request.kind !== 'newOrder') return undefined;
    const now = Date.now();
    const checks = this.checksFor(request, census);
    // Boulder tells of the limit that is the farthest away.
    const [worst] = checks.toSorted((a, b) => b.bucket.waitMs(now) - a.bucket.waitMs(now));
    if (worst !== undefined && worst.bucket.waitMs(now) > 0) return refusalOf(worst, now);
    const spent = checks.filter(({ isSpent }) => isSpent).map(({ bucket }) => bucket);
    for (const bucket of spent) bucket.spend(now);
    this.spentBy.set(request, spent);
    return undefined;
  }

  after(request: SeenRequest, answer: UpstreamAnswer, census: AuthorizationCensus): undefined {
    const now = Date.now();
    if (request.kind === 'newOrder' && answer.status !== 201) {
      for (const bucket of this.spentBy.get(request) ?? []) bucket.refund(now);
    }
    const order = request.kind === 'finalize' ? census.orderOfFinalize(request.url) : undefined;
    if (answer.status !== 200 || order?.finalizations !== 0) return;
    for (const { bucket } of this.certificateChecks(order.names)) bucket.spend(now);
  }

  ended(authorization: CountedAuthorization, request: SeenRequest): void {
    const name = failedName(authorization, request, this.countsDeactivations);
    if (name === undefined) return;
    this.check('failedAuthorizations', `${authorization.account} ${name}`, '')?.bucket.spend(Date.now());
  }

  private checksFor({ account, payload }: SeenRequest, census: AuthorizationCensus): Check[] {
    const wanted = wantedOf(payload);
    // A renewal by RFC 9773 is free of every limit. Boulder looks whether the window has opened; this doesn't.
    if (wanted.replaces !== undefined) return [];
    const failures = wanted.names.map((name) =>
      this.check(
        'failedAuthorizations',
        `${account} ${name}`,
        `failed authorizations (N) for "${name}" in the last P`,
      ),
    );
    const newOrder = this.check('newOrders', `${account}`, 'new orders (N) from this account in the last P');
    const certificates = this.certificateChecks(wanted.names);
    const isRenewal = isIssued(wanted, census);
    return [
      ...failures,
      ...certificates.filter(({ anchor }) => !isRenewal || anchor === anchors.certificatesPerSet),
      ...(newOrder === undefined || isRenewal ? [] : [{ ...newOrder, isSpent: true }]),
    ].filter((check) => check !== undefined);
  }

  private certificateChecks(names: string[]): Check[] {
    const domains = [...new Set(names.map(registeredDomain))];
    const set = 'certificates (N) already issued for this exact set of identifiers in the last P';
    return [
      ...domains.map((domain) =>
        this.check(
          'certificatesPerDomain',
          domain,
          `certificates (N) already issued for "${domain}" in the last P`,
        ),
      ),
      this.check('certificatesPerSet', names.join(), set),
    ].filter((check) => check !== undefined);
  }

  private check(limit: LimitName, key: string, text: string): Check | undefined {
    const allowance = this.options[limit];
    if (allowance === undefined) return undefined;
    const id = `${limit} ${key}`;
    const bucket = this.buckets.get(id) ?? new TokenBucket(allowance);
    this.buckets.set(id, bucket);
    return { bucket, isSpent: false, text, anchor: anchors[limit], allowance };
  }
}

const anchors: Record<LimitName, string> = {
  newOrders: '#new-orders-per-account',
  failedAuthorizations: '#authorization-failures-per-identifier-per-account',
  certificatesPerDomain: '#new-certificates-per-registered-domain',
  certificatesPerSet: '#new-certificates-per-exact-set-of-identifiers',
};

function refusalOf({ bucket, text, anchor, allowance }: Check, now: number): MadeUpAnswer {
  const seconds = Math.max(1, Math.ceil(bucket.waitMs(now) / 1000));
  const told = text.replace('(N)', `(${allowance.limit})`).replace(/P$/, goDuration(allowance.periodMs));
  const at = new Date(now + seconds * 1000).toISOString().replace('T', ' ').slice(0, 19);
  return rateLimited(`too many ${told}, retry after ${at} UTC`, anchor, seconds);
}

/** Boulder knows a renewal without RFC 9773 by its names, whoever had them issued. */
function isIssued({ names }: NewOrderAsked, census: AuthorizationCensus): boolean {
  return census.ordersFor(...names).some(({ finalizations }) => finalizations > 0);
}

// The names of tests are below one-label suffixes, so this needs no list of suffixes.
function registeredDomain(name: string): string {
  return name.split('.').slice(-2).join('.');
}

/** `3h0m0s`, as Go prints a duration. */
function goDuration(ms: number): string {
  const seconds = ms / 1000;
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (h > 0) return `${h}h${m}m${s}s`;
  return m > 0 ? `${m}m${s}s` : `${s}s`;
}
