import type { SeenRequest } from '../acme-request.ts';
import type { CountedAuthorization } from '../authorization-census.ts';
import { wantedOf } from '../order-census.ts';
import type { CaRule, MadeUpAnswer } from '../ruled-ca.ts';
import { rateLimited } from './boulder-problem.ts';
import { failedName, orderedName } from './failed-name.ts';

export interface PausingOptions {
  /** Paused from the beginning, for every account. */
  names?: string[];
  /** Failures of a name in a row after which it is paused for the account. Let's Encrypt: 1,152. */
  afterFailures?: number;
  countDeactivations?: boolean;
}

/** Names for which a person has to visit a page first. Boulder looks at this before anything else, and names no time. */
export class Pausing implements CaRule {
  private readonly options: PausingOptions;
  private readonly everywhere: Set<string>;
  private readonly failures = new Map<string, number>();

  constructor(options: PausingOptions) {
    this.options = options;
    this.everywhere = new Set(options.names);
  }

  pause(...names: string[]): void {
    for (const name of names) this.everywhere.add(name);
  }

  /** What the page does: for all names, and the failures are forgotten. */
  unpause(): void {
    this.everywhere.clear();
    this.failures.clear();
  }

  before({ kind, account, payload }: SeenRequest): MadeUpAnswer | undefined {
    if (kind !== 'newOrder') return undefined;
    const paused = wantedOf(payload).names.filter((name) => this.isPaused(`${account}`, name));
    if (paused.length === 0) return undefined;
    return rateLimited(
      `Your account is temporarily prevented from requesting certificates for ${paused.join(', ')} and possibly others. ` +
        'Please visit: https://sfe.example/sfe/v1/unpause?jwt=eyJhbGciOiJIUzI1NiJ9.e30.bGFi',
    );
  }

  ended(authorization: CountedAuthorization, request: SeenRequest): void {
    const key = keyOf(`${authorization.account}`, `${orderedName(authorization)}`);
    const hasFailed =
      failedName(authorization, request, this.options.countDeactivations ?? true) !== undefined;
    if (authorization.status === 'valid') this.failures.delete(key);
    if (hasFailed) this.failures.set(key, (this.failures.get(key) ?? 0) + 1);
  }

  private isPaused(account: string, name: string): boolean {
    const { afterFailures = Infinity } = this.options;
    return this.everywhere.has(name) || (this.failures.get(keyOf(account, name)) ?? 0) >= afterFailures;
  }
}

function keyOf(account: string, name: string): string {
  return `${account} ${name}`;
}
