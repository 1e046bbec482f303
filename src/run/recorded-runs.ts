import { AcmeLedgerError, type ErrorRecord } from '../errors.ts';
import { systemClock, timeText } from '../clock.ts';
import { isAlive } from '../issuance/ownership/lease.ts';
import { outcomeEvents } from '../ledger/events.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { RunReason } from '../ledger/columns.ts';
import { latestInvocations, runsOfInvocation } from '../ledger/runs.ts';
import type { RunRow } from '../ledger/schema.ts';
import { printable } from '../printable.ts';
import { withLedger } from './open-ledger.ts';
import type { CommandContext } from './run-context.ts';

/** A line of `runs list --json`: one call of the program. */
export interface RunJson {
  id: string;
  command: string;
  arguments: readonly string[];
  host: string;
  pid: number;
  startedAt: string;
  endedAt: string | null;
  /** `killed`: its process is gone, or its lease over, and it never said how it ended. */
  status: 'running' | 'ended' | 'interrupted' | 'killed';
  /** Null while it runs, after a kill, and of runs of older versions. */
  exitCode: number | null;
  counts: Readonly<Record<string, number>> | null;
  reasons: readonly RunReason[];
}

/** `runs show --json`. */
export type RunShown = RunJson & {
  outcomes: { at: string; kind: string; certificate: string | null; error: ErrorRecord | null }[];
};

/** The latest calls of the program that did something, newest first. */
export async function latestRuns({ settings }: CommandContext, limit: number): Promise<RunJson[]> {
  return withLedger(settings, async (ledger) => (await latestInvocations(ledger, limit)).map(runJson));
}

/** @param key the beginning of a run's id @throws AcmeLedgerError `not-found` */
export async function oneRun({ settings }: CommandContext, key: string): Promise<RunShown> {
  return withLedger(settings, async (ledger) => {
    const rows = await runOf(ledger, key);
    const events = await outcomeEvents(
      ledger,
      rows.map(({ id }) => id),
    );
    return {
      ...runJson(rows),
      outcomes: events.map(({ at, kind, certificate_name, data }) => ({
        at: timeText(at),
        kind,
        certificate: certificate_name,
        error: kind === 'certificate-failed' ? (data as ErrorRecord | null) : null,
      })),
    };
  });
}

async function runOf(ledger: Ledger, key: string): Promise<RunRow[]> {
  const found = /^[0-9a-f-]{4,36}$/.test(key) ? await runsOfInvocation(ledger, key) : [];
  const [only, ...others] = found;
  if (only !== undefined && others.length === 0) return only;
  const fault = only === undefined ? 'the ledger has no run' : 'the ledger has several runs';
  throw new AcmeLedgerError('not-found', `${fault} ${printable(key)}`, {
    hint: 'acme-ledger runs list shows those that it has',
  });
}

/** @param rows the runs of one process, one for each account that it worked with, the first first */
function runJson(rows: readonly RunRow[]): RunJson {
  const [first] = rows;
  if (first === undefined) throw new AcmeLedgerError('bug', 'a run without a row');
  const exitCode = rows.map(({ exit_code }) => exit_code).find((code) => code !== null) ?? null;
  const status = statusOf(rows, exitCode);
  const ends = rows.flatMap(({ ended_at }) => (ended_at === null ? [] : [timeText(ended_at)])).sort();
  return {
    id: first.invocation ?? first.id,
    command: first.command,
    arguments: first.arguments ?? [],
    host: first.host,
    pid: first.pid,
    startedAt: timeText(first.started_at),
    endedAt: status === 'running' ? null : (ends.at(-1) ?? null),
    status,
    exitCode,
    counts: rows.map(({ counts }) => counts).find((counts) => counts !== null) ?? null,
    reasons: rows.map(({ reasons }) => reasons).find((reasons) => reasons !== null) ?? [],
  };
}

function statusOf(rows: readonly RunRow[], exitCode: number | null): RunJson['status'] {
  if (exitCode !== null) return exitCode === 130 || exitCode === 143 ? 'interrupted' : 'ended';
  const now = systemClock.wallNow();
  // Between two accounts none of its runs is open, but its process is there.
  if (rows.some((row) => isAlive({ ...row, ended_at: null }, now))) {
    if (rows.some(({ ended_at, invocation }) => ended_at === null || invocation !== null)) return 'running';
  }
  // Runs of older versions said only when they ended.
  const isOld = rows.every(({ invocation, ended_at }) => invocation === null && ended_at !== null);
  return isOld ? 'ended' : 'killed';
}
