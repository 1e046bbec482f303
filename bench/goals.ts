import { median } from './statistics.ts';
import type { IssuingRun } from './issuing.ts';
import type { StartUp } from './startup.ts';

/** What was aimed at, and what came out. */
export interface Goal {
  goal: string;
  /** Null where a client or a case wasn't measured. */
  isReached: boolean | null;
  figures: string;
}

const own = 'acme-ledger';

/** Every goal of the first release, judged by these runs alone. */
export function judge(runs: readonly IssuingRun[], startUp: StartUp): Goal[] {
  const cases = unique(runs.map(({ names }) => names));
  const latencies = unique(runs.map(({ latencyMs }) => latencyMs));
  return [
    ...cases.flatMap((names) => requestGoals(runs, names)),
    ...latencies.flatMap((latencyMs) => cases.flatMap((names) => wallGoals(runs, names, latencyMs))),
    startUpGoal(startUp),
    memoryGoal(runs),
  ];
}

function requestGoals(runs: readonly IssuingRun[], names: number): Goal[] {
  const mine = runs.filter((run) => run.client === own && run.names === names && run.exitCode === 0);
  const nonces = mine.map(({ counts }) => counts.newNonce);
  const others = mine.map((run) => totalOf(run) - run.counts.newNonce);
  const most = names === 1 ? 8 : 2 * names + 8;
  return [
    atMost(`requests beside newNonce for ${named(names)}, at most ${most}`, others, most),
    atMost(`newNonce for ${named(names)}, at most ${Math.min(names, 10)}`, nonces, Math.min(names, 10)),
  ];
}

function atMost(goal: string, values: readonly number[], most: number): Goal {
  if (values.length === 0) return { goal, isReached: null, figures: 'not measured' };
  const worst = Math.max(...values);
  return { goal, isReached: worst <= most, figures: `${worst} in the worst of ${values.length} runs` };
}

function wallGoals(runs: readonly IssuingRun[], names: number, latencyMs: number): Goal[] {
  // lego is one program of machine code: it has done its one name before Node has started.
  const peers = names === 1 ? ['auto()', 'certbot'] : ['auto()', 'lego', 'certbot'];
  const wall = (client: string): number => {
    const fitting = runs.filter((run) => run.names === names && run.latencyMs === latencyMs);
    const good = fitting.filter((run) => run.client === client && run.exitCode === 0);
    return median(good.map((run) => run.wallMs));
  };
  return peers.map((peer) => {
    const [mine, theirs] = [wall(own), wall(peer)];
    const isMeasured = !Number.isNaN(mine) && !Number.isNaN(theirs);
    return {
      goal: `${named(names)} at ${latencyMs} ms sooner than ${peer}`,
      isReached: isMeasured ? mine < theirs : null,
      figures: isMeasured
        ? `${(mine / 1000).toFixed(2)} s and ${(theirs / 1000).toFixed(2)} s`
        : 'not measured',
    };
  });
}

function startUpGoal({ authzListMs, nodeMs }: StartUp): Goal {
  const [list, node] = [median(authzListMs), median(nodeMs)];
  return {
    goal: '`authz list` on an empty ledger in under 3 × `node -e 0`',
    isReached: list < 3 * node,
    figures: `${list.toFixed(0)} ms and ${node.toFixed(0)} ms: ${(list / node).toFixed(2)} ×`,
  };
}

function memoryGoal(runs: readonly IssuingRun[]): Goal {
  const mine = runs.filter((run) => run.client === own && run.names === 1 && run.exitCode === 0);
  const goal = 'one certificate under 120 MB resident';
  if (mine.length === 0) return { goal, isReached: null, figures: 'not measured' };
  const worstMb = Math.max(...mine.map(({ peakKb }) => peakKb)) / 1024;
  return { goal, isReached: worstMb < 120, figures: `${worstMb.toFixed(0)} MB in the worst run` };
}

/** All requests of a run, newNonce among them. */
export function totalOf({ counts }: IssuingRun): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function named(names: number): string {
  return names === 1 ? '1 name' : `${names} names`;
}

function unique(values: number[]): number[] {
  return [...new Set(values)];
}
