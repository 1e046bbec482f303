/** So many in so long a time; they come back one by one, evenly. */
export interface Allowance {
  max: number;
  periodMs: number;
}

/**
 * A token bucket by the generic cell rate algorithm, as Boulder counts. Times in milliseconds since 1970.
 */
export interface Bucket {
  allowance: Allowance;
  /** When it will be full of tokens again, if nothing more is taken; in the past: it is full. */
  fullAtMs: number;
  /** Tokens that are promised to somebody and not taken yet: no time gives them back. */
  held: number;
}

export function fullBucket(allowance: Allowance): Bucket {
  return { allowance, fullAtMs: 0, held: 0 };
}

/** How long until so many tokens are there; 0 when they are. */
export function waitMs({ allowance, fullAtMs, held }: Bucket, nowMs: number, tokens = 1): number {
  const tokenMs = tokenMsOf(allowance);
  return Math.max(0, Math.max(fullAtMs, nowMs) + (held + tokens - allowance.max) * tokenMs - nowMs);
}

/** A token is taken, also from an empty bucket: it can't be emptier than empty. */
export function taken(bucket: Bucket, nowMs: number): Bucket {
  const tokenMs = tokenMsOf(bucket.allowance);
  const emptyAt = nowMs + tokenMs * bucket.allowance.max;
  return { ...bucket, fullAtMs: Math.min(Math.max(bucket.fullAtMs, nowMs) + tokenMs, emptyAt) };
}

export function givenBack(bucket: Bucket, nowMs: number): Bucket {
  return { ...bucket, fullAtMs: Math.max(nowMs, bucket.fullAtMs - tokenMsOf(bucket.allowance)) };
}

/** The next token is there at that time, or later if it was to be later. */
export function emptiedUntil(bucket: Bucket, untilMs: number): Bucket {
  const { allowance, fullAtMs } = bucket;
  return { ...bucket, fullAtMs: Math.max(fullAtMs, untilMs + tokenMsOf(allowance) * (allowance.max - 1)) };
}

/** The same share of it is used under another allowance. */
export function withAllowance(bucket: Bucket, allowance: Allowance, nowMs: number): Bucket {
  const { max, periodMs } = bucket.allowance;
  if (max === allowance.max && periodMs === allowance.periodMs) return bucket;
  const tokens = Math.max(0, bucket.fullAtMs - nowMs) / tokenMsOf(bucket.allowance);
  return { ...bucket, allowance, fullAtMs: nowMs + Math.ceil(tokens * tokenMsOf(allowance)) };
}

/** Tokens that aren't there, those included that are promised. */
export function usedOf({ allowance, fullAtMs, held }: Bucket, nowMs: number): number {
  const taken = Math.ceil(Math.max(0, fullAtMs - nowMs) / tokenMsOf(allowance));
  return Math.min(allowance.max, taken + held);
}

/** Whole milliseconds, rounded up: never sooner than at the CA, which counts finer. */
function tokenMsOf({ max, periodMs }: Allowance): number {
  return Math.ceil(periodMs / max);
}
