import type { LimitFunction } from 'p-limit';
import { type CaseResult, type PairCase, countPoints, nameOf, runCase } from './case.ts';
import { type PairCommand, pairCommands } from './commands.ts';
import type { PairStage } from './customer.ts';
import type { Point } from './hold.ts';
import { type World, worlds } from './world.ts';

/** One command that is held, at one CA, and those that meet it. */
export interface Series {
  world: World;
  a: PairCommand;
  others: PairCommand[];
}

export function seriesName({ world, a }: Series): string {
  return `${world.name}/${a.name}`;
}

/**
 * @param only the beginning of `WORLD/A/B/`, as a regular expression: `(plain|reuse)/clear[^/]+/issue/`
 * @returns those that have anybody to meet
 */
export function chosenSeries(only: string): Series[] {
  const pattern = new RegExp(`^(?:${only})`);
  return worlds
    .flatMap((world) => pairCommands.map((a): Series => ({ world, a, others: [] })))
    .map((series) => ({
      ...series,
      others: pairCommands.filter((b) => pattern.test(`${seriesName(series)}/${b.name}/`)),
    }))
    .filter(({ others }) => others.length > 0);
}

/** All its cases; the points are counted by a first run of A alone, and none where A neither asks the CA nor calls a hook. */
export async function casesOf(stage: PairStage, { world, a, others }: Series): Promise<PairCase[]> {
  const { requests, hooks } = await countPoints(stage, world, a);
  const upTo = (what: Point['what'], count: number): Point[] =>
    Array.from({ length: count }, (_, before) => ({ what, n: before + 1 }));
  const points = [...upTo('request', requests), ...upTo('answer', requests), ...upTo('hook', hooks)];
  return others.flatMap((b) => points.map((point) => ({ world, a, b, point })));
}

/** @returns of each case in which something went wrong, how to repeat it and what was seen */
export async function failuresOf(
  stage: PairStage,
  cases: readonly PairCase[],
  limit: LimitFunction,
): Promise<string[]> {
  const reports = await Promise.all(
    cases.map((pair) =>
      limit(async () => {
        const result = await runCase(stage, pair);
        return result.findings.length > 0 ? reportOf(pair, result) : null;
      }),
    ),
  );
  return reports.filter((report) => report !== null);
}

function reportOf(pair: PairCase, { findings, transcript }: CaseResult): string {
  const found = findings.map(({ promise, text }) => `  ${promise}: ${text}\n`).join('');
  return `PAIRS_ONLY='${nameOf(pair)}' npm run test:crash -- test/pairs\n${found}${transcript}`;
}
