import type { SeenRequest } from '../acme-request.ts';
import type { AuthorizationCensus } from '../authorization-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import { rateLimited } from './boulder-problem.ts';

export interface PendingLimitOptions {
  /** An account that has this many open is refused, as Boulder did it: who has one fewer may still go beyond. */
  limit: number;
  /** Said only when given. */
  retryAfterSeconds?: number;
}

/** The limit that Let's Encrypt had until 2025, and other CAs have. */
export class PendingLimit implements CaRule {
  private readonly options: PendingLimitOptions;

  constructor(options: PendingLimitOptions) {
    this.options = options;
  }

  before({ kind, account }: SeenRequest, census: AuthorizationCensus): MadeUpAnswer | undefined {
    const open = census.open().filter((authorization) => authorization.account === account);
    if (kind !== 'newOrder' || open.length < this.options.limit) return undefined;
    return rateLimited(
      'Error creating new order :: too many currently pending authorizations',
      '',
      this.options.retryAfterSeconds,
    );
  }
}
