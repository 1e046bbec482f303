/**
 * How long the last record at some name servers took until all of them showed it. The next one is first looked for a little earlier: of
 * five hundred names in one zone, each would else be asked for again and again while none can be there.
 */
const lagsMs = new Map<string, number>();

/** The lag of servers that were slow once falls again by a fifth with each record that is there at the first look. */
const earlier = 0.8;
/** Nothing is waited for blindly for longer. */
const longestMs = 60_000;

/** @param place the same text for records of the same servers */
export function expectedLagMs(place: string): number {
  return Math.floor(Math.min(earlier * (lagsMs.get(place) ?? 0), longestMs));
}

export function noteLag(place: string, lagMs: number): void {
  lagsMs.set(place, lagMs);
}
