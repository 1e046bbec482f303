/** So many in so long a time; they come back one by one, evenly. */
export interface Allowance {
  limit: number;
  periodMs: number;
}

/** The generic cell rate algorithm, which Boulder counts with: the one number kept is when the bucket will be full again. */
export class TokenBucket {
  private readonly burstMs: number;
  private readonly tokenMs: number;
  private fullAtMs = 0;

  constructor({ limit, periodMs }: Allowance) {
    this.burstMs = periodMs;
    this.tokenMs = periodMs / limit;
  }

  /** How long until there is a token; 0 when there is one. */
  waitMs(nowMs: number): number {
    return Math.max(0, Math.max(this.fullAtMs, nowMs) + this.tokenMs - this.burstMs - nowMs);
  }

  /** Takes a token, if there is one. */
  spend(nowMs: number): void {
    if (this.waitMs(nowMs) === 0) this.fullAtMs = Math.max(this.fullAtMs, nowMs) + this.tokenMs;
  }

  refund(nowMs: number): void {
    this.fullAtMs = Math.max(nowMs, this.fullAtMs - this.tokenMs);
  }
}
