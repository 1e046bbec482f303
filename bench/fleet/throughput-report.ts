import { drawTable } from '../../src/cli/output/table.ts';
import type { Goal } from '../goals.ts';
import type { Batch } from './throughput.ts';

const own = 'acme-ledger';
// Seven requests, one after the other, for each certificate: eight at a time are 8 ÷ (7 × 50 ms) = 22.9 a second at the most.
const shareOfRoundTrips = 0.8;

export function throughputTable(batches: readonly Batch[]): string {
  const head = [
    'ROUND TRIP',
    'AT A TIME',
    'CLIENT',
    'CERTIFICATES',
    'A SECOND',
    'REQUESTS',
    'CPU ms',
    'PEAK MB',
    'EXIT',
  ];
  const rows = batches.map((batch) => [
    `${batch.latencyMs} ms`,
    String(batch.concurrency),
    batch.client,
    batch.issued === batch.certificates ? String(batch.issued) : `${batch.issued} of ${batch.certificates}`,
    perSecond(batch).toFixed(1),
    requestsEach(batch).toFixed(2),
    cpuMsEach(batch).toFixed(1),
    batch.peakMb === null ? '-' : batch.peakMb.toFixed(0),
    String(batch.exitCode),
  ]);
  return `Certificates of one name; requests and CPU (user and system) for each\n${drawTable(head, rows)}`;
}

/** What was aimed at, judged by these batches alone. */
export function throughputGoals(batches: readonly Batch[]): Goal[] {
  const mine = batches.filter(({ client, exitCode }) => client === own && exitCode === 0);
  const at = (list: readonly Batch[], latencyMs: number, concurrency: number): Batch | undefined =>
    list.find((batch) => batch.latencyMs === latencyMs && batch.concurrency === concurrency);
  const theirs = at(
    batches.filter(({ client, exitCode }) => client === 'auto()' && exitCode === 0),
    0,
    32,
  );
  return [
    goalOf('at most 7.2 requests a certificate', mine, requestsEach, (worst) => worst <= 7.2),
    goalOf('at most 20 ms of CPU a certificate', mine, cpuMsEach, (worst) => worst <= 20),
    roundTripGoal(at(mine, 50, 8)),
    twiceGoal(at(mine, 0, 32), theirs),
  ];
}

function goalOf(
  goal: string,
  batches: readonly Batch[],
  figure: (batch: Batch) => number,
  isGood: (worst: number) => boolean,
): Goal {
  if (batches.length === 0) return { goal, isReached: null, figures: 'not measured' };
  const values = batches.map(figure);
  const [least, worst] = [Math.min(...values), Math.max(...values)];
  return { goal, isReached: isGood(worst), figures: `${least.toFixed(2)} to ${worst.toFixed(2)}` };
}

function roundTripGoal(batch: Batch | undefined): Goal {
  const most = 8 / (7 * 0.05);
  const goal = `at 50 ms, 8 at a time: ${shareOfRoundTrips * 100} % of ${most.toFixed(1)} a second`;
  if (batch === undefined) return { goal, isReached: null, figures: 'not measured' };
  const share = perSecond(batch) / most;
  const figures = `${perSecond(batch).toFixed(1)} a second: ${(100 * share).toFixed(0)} %`;
  return { goal, isReached: share >= shareOfRoundTrips, figures };
}

function twiceGoal(mine: Batch | undefined, theirs: Batch | undefined): Goal {
  const goal = 'at 0 ms, 32 at a time: twice auto()';
  if (mine === undefined || theirs === undefined) return { goal, isReached: null, figures: 'not measured' };
  const [ours, autos] = [perSecond(mine), perSecond(theirs)];
  const figures = `${ours.toFixed(1)} and ${autos.toFixed(1)} a second: ${(ours / autos).toFixed(2)} ×`;
  return { goal, isReached: ours >= 2 * autos, figures };
}

function perSecond({ issued, wallMs }: Batch): number {
  return issued / (wallMs / 1000);
}

function requestsEach({ requests, issued }: Batch): number {
  return requests / issued;
}

function cpuMsEach({ cpuMs, issued }: Batch): number {
  return cpuMs / issued;
}
