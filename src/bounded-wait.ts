const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * The longest wait that somebody outside may ask for. A CA that means more says so again a day later, at the
 * cost of one request; a CA that says a year by mistake would cost the certificate
 * (docs/decisions.md#the-longest-wait).
 */
export const longestWaitMs = dayMs;
/** A `Retry-After` of 0, or of years ago, is no leave to ask in a tight loop. */
const shortestWaitMs = secondMs;
/**
 * A stored wait that reaches further than this was written by a clock that was ahead: no wait of this program's own is longer than a day
 * and a tenth.
 */
const farthestMs = 27 * hourMs;
/** Within the last tenth of its life a certificate waits no longer than this share of what is left of it, and no shorter than ten minutes. */
const urgentShare = 0.1;
const urgentLeastMs = 10 * minuteMs;
/** One whose life is over is an outage already. */
const expiredWaitMs = hourMs;

/** A reservation of the gate is for seven days, the longest that a pending authorization lives; a day more for clocks. */
export const farthestReservationMs = 8 * dayMs;
/** An order without an end of its own is kept for a day for the next attempt; a day more for clocks. */
export const farthestKeptMs = 2 * dayMs;

/** From when to when a certificate is good. */
export interface Life {
  begin: Date;
  end: Date;
}

/** With less than this share of its life left a certificate is in danger: it is due whatever the CA suggests, and no wait goes past it. */
export const leastShare = 0.1;

/** When a tenth of its life is left. */
export function dangerAt({ begin, end }: Life): Date {
  return new Date(end.getTime() - (end.getTime() - begin.getTime()) * leastShare);
}

/**
 * A time until which somebody outside asks us to wait, brought between a second and a day from `now`; with the life of a certificate that
 * waits for it, also not past the moment when a tenth of that is left. In the last tenth no wait is longer than a tenth of the rest.
 */
export function boundedWait(wanted: Date, now: Date, life: Life | null = null): Date {
  const longest = now.getTime() + (life === null ? longestWaitMs : longestFor(life, now));
  return new Date(Math.min(Math.max(wanted.getTime(), now.getTime() + shortestWaitMs), longest));
}

function longestFor(life: Life, now: Date): number {
  const leftMs = life.end.getTime() - now.getTime();
  if (leftMs <= 0) return expiredWaitMs;
  const untilDangerMs = dangerAt(life).getTime() - now.getTime();
  return Math.min(longestWaitMs, Math.max(untilDangerMs, leftMs * urgentShare, urgentLeastMs));
}

/**
 * Whether a stored time is still to be waited for. One that is further ahead than anybody would have written it was written by a clock that
 * was ahead, and counts as passed.
 */
export function isStillAhead(stored: Date | null, now: Date, farthest = farthestMs): boolean {
  if (stored === null) return false;
  const aheadMs = stored.getTime() - now.getTime();
  return aheadMs > 0 && aheadMs <= farthest;
}

/** A stored time of something that has happened, unless a clock that was ahead wrote it: it can't have happened by now. */
export function isPast(stored: Date, now: Date): boolean {
  return stored.getTime() - now.getTime() <= hourMs;
}
