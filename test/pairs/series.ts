import type { LimitFunction } from 'p-limit';
import { type CaseResult, type PairCase, countPoints, nameOf, runCase } from './case.ts';
import { type PairCommand, pairCommands } from './commands.ts';
import type { PairStage } from './customer.ts';
import type { Point } from './hold.ts';
import { type World, worlds } from './world.ts';

/** Two commands at one CA, at every point of the first. */
export interface Series {
  world: World;
  a: PairCommand;
  b: PairCommand;
}

export function seriesName({ world, a, b }: Series): string {
  return `${world.name}/${a.name}/${b.name}`;
}

/** @param only the beginning of their names, as a regular expression: `(plain|reuse)/clear[^/]+/issue/` */
export function chosenSeries(only: string): Series[] {
  const pattern = new RegExp(`^(?:${only})`);
  return worlds
    .flatMap((world) => pairCommands.flatMap((a) => pairCommands.map((b) => ({ world, a, b }))))
    .filter((series) => pattern.test(`${seriesName(series)}/`));
}

const tracks = new WeakMap<PairStage, Map<string, Promise<Point[]>>>();

/** The points of A, by a first run of A alone; none where it neither asks the CA nor calls a hook. */
export function pointsOf(stage: PairStage, { world, a }: Series): Promise<Point[]> {
  const known = tracks.get(stage) ?? new Map<string, Promise<Point[]>>();
  tracks.set(stage, known);
  const key = `${world.name}/${a.name}`;
  const points = known.get(key) ?? countedPoints(stage, world, a);
  known.set(key, points);
  return points;
}

async function countedPoints(stage: PairStage, world: World, a: PairCommand): Promise<Point[]> {
  const { requests, hooks } = await countPoints(stage, world, a);
  const upTo = (what: Point['what'], count: number): Point[] =>
    Array.from({ length: count }, (_, before) => ({ what, n: before + 1 }));
  return [...upTo('request', requests), ...upTo('answer', requests), ...upTo('hook', hooks)];
}

export interface SeriesResult {
  cases: number;
  /** Of these, how many A had ended before. */
  ended: number;
  failures: string[];
}

/** @param choose which of the points are tried */
export async function runSeries(
  stage: PairStage,
  series: Series,
  limit: LimitFunction,
  choose: (points: readonly Point[]) => readonly Point[],
): Promise<SeriesResult> {
  const points = choose(await limit(() => pointsOf(stage, series)));
  const results = await Promise.all(
    points.map((point) =>
      limit(async () => {
        const pair: PairCase = { ...series, point };
        return { pair, ...(await runCase(stage, pair)) };
      }),
    ),
  );
  return {
    cases: results.length,
    ended: results.filter(({ label }) => label === null).length,
    failures: results.filter(({ findings }) => findings.length > 0).map((one) => reportOf(one.pair, one)),
  };
}

/** Enough to repeat the case, and what was seen. */
function reportOf(pair: PairCase, { findings, transcript }: CaseResult): string {
  const found = findings.map(({ promise, text }) => `  ${promise}: ${text}\n`).join('');
  return `PAIRS_ONLY='${nameOf(pair)}' npm run test:crash -- test/pairs\n${found}${transcript}`;
}
