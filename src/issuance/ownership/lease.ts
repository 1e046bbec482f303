import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock } from '../../clock.ts';
import { later } from '../../clock.ts';
import { AcmeLedgerError } from '../../errors.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { isLedgerBusy, isLedgerFailure } from '../../ledger/ledger-failure.ts';
import {
  type Invocation,
  type NewRun,
  type RunReport,
  endRun,
  insertRun,
  leaseMs,
  renewEveryMs,
  renewLease,
  runsById,
  trustedForMs,
} from '../../ledger/runs.ts';
import type { RunRow } from '../../ledger/schema.ts';

export interface Run {
  id: string;
  /**
   * Renews the lease when it wasn't renewed for half of its time: the process may have been stopped
   * meanwhile, and be taken for dead by others. The rows that they wrote tell which orders they took over: a
   * caller that acts looks at those next (promise 7).
   * @throws AcmeLedgerError `busy` when the run was ended; `ledger-failed`
   */
  readonly assertLease: () => Promise<void>;
  /** Ends the lease; the orders that the run still owns are free for everybody. */
  end(): Promise<void>;
}

/**
 * Writes this process into the ledger as a run, and keeps its lease alive until `end`.
 * @param invocation the call of the program that the run belongs to
 * @throws AcmeLedgerError `ledger`: the row is the first that a run writes, before it sends anything
 */
export async function startRun(
  ledger: Ledger,
  clock: Clock,
  command: string,
  invocation?: Invocation,
): Promise<Run> {
  const id = randomUUID();
  let renewed = { at: clock.now(), wallAt: clock.wallNow() };
  await insertFirst(ledger, {
    id,
    ...thisProcess(),
    command,
    started_at: clock.now(),
    lease_until: later(clock.wallNow(), leaseMs),
    ended_at: null,
    ...(invocation === undefined ? {} : { invocation: invocation.id, arguments: invocation.words }),
  });
  if (invocation !== undefined) invocation.isInLedger = true;
  const renew = async (): Promise<void> => {
    const asked = { at: clock.now(), wallAt: clock.wallNow() };
    if (!(await renewLease(ledger, id, later(clock.wallNow(), leaseMs)))) throw endedRun();
    renewed = asked;
  };
  const timer = setInterval(() => {
    // A renewal that fails is tried again at the next tick, well before the lease ends, and before any
    // request that rests on it.
    renew().catch(() => undefined);
  }, renewEveryMs);
  timer.unref();
  return {
    id,
    assertLease: async () => {
      // The lease is renewed when either clock says so: a suspended machine doesn't advance the one, a change
      // of the time doesn't advance the other.
      const passedMs = clock.now().getTime() - renewed.at.getTime();
      const wallMs = clock.wallNow().getTime() - renewed.wallAt.getTime();
      if (Math.max(passedMs, wallMs) >= trustedForMs) await renew();
    },
    async end() {
      clearInterval(timer);
      await endRun(ledger, id, clock.now());
    },
  };
}

/** Writes a run of this process that owned nothing, and is over. */
export async function insertEndedRun(
  ledger: Ledger,
  clock: Clock,
  run: Pick<NewRun, 'command' | 'started_at' | 'invocation' | 'arguments'> & RunReport,
): Promise<void> {
  const at = clock.now();
  await insertRun(ledger, { id: randomUUID(), ...thisProcess(), ...run, lease_until: at, ended_at: at });
}

function endedRun(): AcmeLedgerError {
  return new AcmeLedgerError(
    'busy',
    'this run was ended in the ledger, so that what it worked on is free for others',
    {
      hint: 'run the command again',
    },
  );
}

async function insertFirst(ledger: Ledger, run: NewRun): Promise<void> {
  try {
    await insertRun(ledger, run);
  } catch (error) {
    if (!isLedgerFailure(error) || isLedgerBusy(error)) throw error;
    const { message, hint } = error;
    throw new AcmeLedgerError('ledger', message, { cause: error, ...(hint === undefined ? {} : { hint }) });
  }
}

/**
 * Whether the run's process still works on its orders. On this host the process itself is looked at, so that
 * a killed run's orders are free at once; elsewhere its lease decides.
 * @param now the time of the machine's clock, by which leases are written
 */
export function isAlive(run: RunRow | undefined, now: Date): boolean {
  if (run === undefined || run.ended_at !== null) return false;
  const here = thisProcess();
  if (run.host === here.host && run.process_space === here.process_space && here.process_space !== '') {
    return startOf(run.pid) === run.process_start;
  }
  // A lease is written anew every few seconds: a lease of an earlier boot that reaches this far is older than
  // a clock that was set back.
  if (run.host === here.host && isOtherBoot(run, here) && run.lease_until > later(now, 2 * leaseMs))
    return false;
  return run.lease_until > now;
}

/** The runs that are alive, among these. */
export async function aliveAmong(
  { ledger, clock }: { ledger: Ledger; clock: Clock },
  runIds: Iterable<string | null>,
): Promise<ReadonlySet<string | null>> {
  const ids = new Set([...runIds].filter((id) => id !== null));
  const runs = await runsById(ledger, [...ids]);
  return new Set([...ids].filter((id) => isAlive(runs.get(id), clock.wallNow())));
}

/** Whether a live run owns the order, be it this run. */
export async function isHeld(
  parts: { ledger: Ledger; clock: Clock },
  { run_id }: { run_id: string | null },
): Promise<boolean> {
  return run_id !== null && (await aliveAmong(parts, [run_id])).has(run_id);
}

/**
 * Whether the run's process was on this machine, within our reach, and is gone without having ended the run.
 */
export function isDeadHere(run: RunRow): boolean {
  const here = thisProcess();
  const isReachable =
    run.host === here.host && run.process_space === here.process_space && here.process_space !== '';
  return run.ended_at === null && isReachable && startOf(run.pid) !== run.process_start;
}

type Place = Pick<RunRow, 'host' | 'process_space' | 'pid' | 'process_start'>;

function isOtherBoot(one: Place, other: Place): boolean {
  if (one.process_space === '' || other.process_space === '') return false;
  return one.process_space.split(' ')[0] !== other.process_space.split(' ')[0];
}

function thisProcess(): Place {
  return {
    host: hostname(),
    process_space: processSpace(),
    pid: process.pid,
    process_start: startOf(process.pid) ?? '',
  };
}

/** The boot and the process namespace. Empty where the kernel tells none (not Linux): leases decide there. */
function processSpace(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/**
 * The process's start in clock ticks since boot (proc(5), stat field 22); null when there is no such process,
 * or only its zombie.
 */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
    // The second field is the command in brackets and may hold blanks and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
