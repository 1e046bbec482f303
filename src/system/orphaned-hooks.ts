import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * The variable in the environment of every hook (a solver's, a deploy, name or report hook) that names the
 * run that started it. Processes that a hook starts inherit it.
 */
export const runVariable = 'ACME_LEDGER_RUN';

/** The time from SIGTERM to SIGKILL, as for a hook of our own (system/hook-process.ts). */
const killAfterMs = 2_000;
const pollMs = 50;

/**
 * Ends the hooks that dead runs left behind on this machine. A hook that goes on would put its answer up
 * after somebody has taken it down, or deploy or report beside the hook of the next run. A hook isn't found
 * where there is no /proc, or when it belongs to another user (docs/decisions.md#solver-hooks-of-a-dead-run).
 * @returns how many process groups there were
 */
export async function endHooksOf(runIds: readonly string[]): Promise<number> {
  const groups = await groupsOf(runIds);
  for (const group of groups) signalGroup(group, 'SIGTERM');
  let left = groups;
  for (let waitedMs = 0; waitedMs < killAfterMs && left.size > 0; waitedMs += pollMs) {
    await delay(pollMs);
    left = await groupsOf(runIds);
  }
  for (const group of left) signalGroup(group, 'SIGKILL');
  return groups.size;
}

async function groupsOf(runIds: readonly string[]): Promise<Set<number>> {
  const entries = new Set(runIds.map((id) => `${runVariable}=${id}`));
  const processes = (await readdir('/proc').catch(() => [])).filter((entry) => /^\d+$/.test(entry));
  const groups = await Promise.all(processes.map((pid) => groupIfOf(pid, entries)));
  return new Set(groups.filter((group) => group !== null));
}

/** The process's group when one of these entries is in its environment (proc(5): entries end with NUL) and it isn't a zombie. */
async function groupIfOf(pid: string, entries: ReadonlySet<string>): Promise<number | null> {
  try {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1');
    if (!environment.split('\0').some((entry) => entries.has(entry))) return null;
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The second field is the command in brackets and may hold blanks and brackets itself.
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || group === undefined ? null : Number(group);
  } catch {
    return null; // it has ended, or is somebody else's
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group has ended by itself.
  }
}
