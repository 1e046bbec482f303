import type { LimitFunction } from 'p-limit';
import { type CaseResult, runCase, undisturbedTrack } from './case.ts';
import type { CrashLab } from './crash-lab.ts';
import { type Disturbance, disturbances } from './disturbance.ts';
import type { Track } from './track.ts';
import { type Scenario, nameOf, scenarios } from './scenario.ts';

/** One scenario under one disturbance, at every point of it. */
export interface Series {
  scenario: Scenario;
  disturbance: Disturbance;
}

export interface SeriesResult extends Series {
  /** How many points were tried; `ended`: of these, how many the run had ended before. */
  points: number;
  ended: number;
  failures: (CaseResult & { n: number })[];
}

/** Which cases: `SCENARIO`, `SCENARIO:DISTURBANCE` or `SCENARIO:DISTURBANCE:POINT`; each part may be empty. */
export interface Choice {
  scenario: string;
  disturbance: string;
  point: number | null;
}

export function parseChoice(text: string): Choice {
  const [scenario = '', disturbance = '', point = ''] = text.split(':');
  return { scenario, disturbance, point: point === '' ? null : Number(point) };
}

export function chosenSeries({ scenario, disturbance }: Choice): Series[] {
  return (
    scenarios
      .filter((one) => nameOf(one).startsWith(scenario))
      .flatMap((one) => disturbances.map((each) => ({ scenario: one, disturbance: each })))
      .filter((one) => disturbance === '' || one.disturbance.name === disturbance)
      // What cleaned up after itself leaves nothing for a person to clear.
      .filter((one) => one.scenario.afterwards === 'renew' || one.disturbance.kind === 'kill')
  );
}

export interface SeriesOptions {
  /** Which points are tried, from 1, of those that a run has. */
  choose: (labels: readonly string[]) => number[];
  /** Lets some cases run at one time. */
  limit: LimitFunction;
  onCase?: (series: Series, result: CaseResult & { n: number }) => void;
}

/** Finds the points by a run that nothing disturbs, and tries those that are chosen. */
export async function runSeries(
  lab: CrashLab,
  series: Series,
  { choose, limit, onCase }: SeriesOptions,
): Promise<SeriesResult> {
  const { scenario, disturbance } = series;
  const labels = disturbance.points(await knownTrack(lab, scenario));
  const cases = await Promise.all(
    choose(labels).map((n) =>
      limit(async () => {
        const result = { n, ...(await runCase(lab, scenario, disturbance, n)) };
        onCase?.(series, result);
        return result;
      }),
    ),
  );
  return {
    ...series,
    points: cases.length,
    ended: cases.filter(({ label }) => label === null).length,
    failures: cases.filter(({ violations }) => violations.length > 0),
  };
}

const tracks = new WeakMap<CrashLab, Map<string, Promise<Track>>>();

/** All disturbances of a scenario disturb the same run. */
function knownTrack(lab: CrashLab, scenario: Scenario): Promise<Track> {
  const known = tracks.get(lab) ?? new Map<string, Promise<Track>>();
  tracks.set(lab, known);
  const key = nameOf({ ...scenario, afterwards: 'renew' });
  const track = known.get(key) ?? undisturbedTrack(lab, scenario);
  known.set(key, track);
  return track;
}
