import type { CaLimits, LimitName } from '../../src/ca-limits.ts';
import { TokenBucket } from '../support/misbehaviour/token-bucket.ts';

/** Boulder's rules on newOrder, without a CA behind them. Names of these tests are below one-label suffixes. */
export class BoulderModel {
  private readonly limits: CaLimits;
  private readonly buckets = new Map<string, TokenBucket>();
  private readonly issued = new Set<string>();

  constructor(limits: CaLimits) {
    this.limits = limits;
  }

  /** The limits that refuse it; when there are none, it is made and counted. */
  newOrder(names: readonly string[], nowMs: number): string[] {
    const isRenewal = this.issued.has(names.join());
    const looked: [LimitName, string][] = [
      ['certificates-per-set', names.join()],
      ...names.map((name): [LimitName, string] => ['failed-authorizations', name]),
      ...names.map((name): [LimitName, string] => ['failures-in-a-row', name]),
      ...(isRenewal
        ? []
        : domainsOf(names).map((name): [LimitName, string] => ['certificates-per-domain', name])),
      ...(isRenewal ? [] : [['new-orders', ''] satisfies [LimitName, string]]),
    ];
    const refusing = looked.filter(([limit, subject]) => this.bucket(limit, subject).waitMs(nowMs) > 0);
    if (refusing.length === 0 && !isRenewal) this.bucket('new-orders', '').spend(nowMs);
    return refusing.map(([limit]) => limit);
  }

  issue(names: readonly string[], nowMs: number): void {
    const domains = this.issued.has(names.join()) ? [] : domainsOf(names);
    for (const domain of domains) this.bucket('certificates-per-domain', domain).spend(nowMs);
    this.bucket('certificates-per-set', names.join()).spend(nowMs);
    this.issued.add(names.join());
  }

  fail(name: string, nowMs: number): void {
    this.bucket('failed-authorizations', name).spend(nowMs);
    this.bucket('failures-in-a-row', name).spend(nowMs);
  }

  prove(name: string): void {
    this.buckets.delete(`failures-in-a-row ${name}`);
  }

  private bucket(limit: LimitName, subject: string): TokenBucket {
    const { max, periodMs } = this.limits.allowances[limit]!;
    const key = `${limit} ${subject}`;
    const bucket = this.buckets.get(key) ?? new TokenBucket({ limit: max, periodMs });
    this.buckets.set(key, bucket);
    return bucket;
  }
}

function domainsOf(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.split('.').slice(-2).join('.')))];
}
