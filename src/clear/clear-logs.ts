import { authorizationUrlOf } from '../clients/logs/acme-url-forms.ts';
import { urlsInLogs } from '../clients/logs/urls-in-logs.ts';
import { type LogReading, assertLogs } from '../clients/logs/log-bytes.ts';
import { type AcmeLedgerError, errorRecord } from '../errors.ts';
import { clearFound } from './clear-found.ts';
import { askedServer } from './asked-server.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import type { FoundUrl } from './kept-urls.ts';
import type { Clearing } from './clear-one.ts';
import type { ClearTally, CostSeen, GateSeen } from './tally.ts';
import type { Cleared } from './clear-line.ts';
import type { KeyChoice } from '../run/accounts/chosen-keys.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { AccountsRun } from '../run/accounts/each-account.ts';
import { withAccounts } from '../run/accounts/many-accounts.ts';
import type { Progress } from '../run/run-context.ts';

export interface FoundClearing extends Clearing {
  keys: KeyChoice;
  run: AccountsRun;
  concurrency: number;
  tally: ClearTally;
  /** Called for each authorization that a person wants to hear of. */
  tell: (cleared: Cleared) => void;
}

export interface FoundCleared {
  gates: GateSeen[];
  costs: CostSeen[];
  ends: AcmeLedgerError[];
  /** URLs of hosts that are no server of the accounts. */
  elsewhere: number;
  /** Challenges whose authorization neither the CA nor a log told. */
  untold: number;
  /** URLs that weren't asked for any more: for a reason in `ends`, or an interruption. */
  notAsked: number;
  /** Keys and accounts that couldn't be used, and logs that couldn't be read to their end. */
  unusable: number;
}

/** Actions of which nobody wants a line for each of a hundred thousand URLs. */
const quiet: readonly string[] = ['already-final', 'gone', 'foreign'];

/**
 * Clears the authorizations that other clients' logs name, all accounts at once.
 * @param files `-` is standard input
 * @throws AcmeLedgerError `bad-file` for a log or a key that can't be read: before anything is sent
 */
export async function clearLogs(
  context: CommandContext,
  options: FoundClearing,
  files: readonly string[],
): Promise<FoundCleared> {
  await assertLogs(files);
  let damaged = 0;
  const progress = await context.output.fileProgress(files, 'URLs');
  const reading: LogReading = {
    signal: context.stops.work,
    onBytes: (bytes) => progress.read(bytes),
    onUnreadable: (error) => {
      damaged += 1;
      context.output.complainOf(errorRecord(error));
    },
  };
  const { unusable, ...cleared } = await clearAll(context, options, {
    foundBy: (runs) => foundIn(files, { ...reading, servers: runs.flatMap(hostsOf) }),
    source: 'log',
    progress,
  });
  return { ...cleared, unusable: unusable + damaged };
}

/**
 * Like `clearLogs`, for orders and challenges, and authorizations among them, that a person gave by their
 * URLs.
 */
export async function clearGiven(
  context: CommandContext,
  options: FoundClearing,
  given: readonly FoundUrl[],
): Promise<FoundCleared> {
  const progress = await context.output.progress('URLs');
  const found = { foundBy: () => oneByOne(given), source: 'discovered', isGiven: true, progress } as const;
  return clearAll(context, options, found);
}

interface Found {
  foundBy: (runs: readonly AccountRun[]) => AsyncIterable<FoundUrl>;
  source: 'log' | 'discovered';
  isGiven?: boolean;
  progress: Progress;
}

async function clearAll(
  context: CommandContext,
  options: FoundClearing,
  { foundBy, source, isGiven = false, progress }: Found,
): Promise<FoundCleared> {
  try {
    const { tally, tell } = options;
    return await withAccounts(context, options.run, options.keys, async (runs, unusable) => {
      const clearing = {
        ...options,
        source,
        isGiven,
        evenYoung: isGiven,
        authorizationOf: authorizationUrlOf,
        progress,
      };
      for (const run of runs) await tally.noteHold(run);
      const { ends, ...counted } = await clearFound(runs, foundBy(runs), clearing, (cleared) => {
        tally.add(cleared);
        const isShown = source !== 'log' || context.output.json || context.settings.verbosity > 0;
        if (isShown || !quiet.includes(cleared.action)) tell(cleared);
      });
      const gates = await Promise.all(runs.map((run) => tally.gateOf(run)));
      const costs = options.dryRun
        ? await Promise.all(runs.map((run) => tally.costAt(run, options.method)))
        : [];
      return { gates, costs, ends: ends.map(({ end }) => end), ...counted, unusable };
    });
  } finally {
    progress.stop();
  }
}

/** The hosts where the account's resources may be. */
function hostsOf({ session }: AccountRun): string[] {
  const { origins } = askedServer(session.directory, null);
  return [...origins].map((origin) => new URL(origin).hostname);
}

async function* oneByOne(given: readonly FoundUrl[]): AsyncGenerator<FoundUrl> {
  yield* given;
}

async function* foundIn(files: readonly string[], reading: LogReading): AsyncGenerator<FoundUrl> {
  try {
    yield* urlsInLogs(files, reading);
  } catch (error) {
    // Interrupted: the rest of the logs is for the next run.
    if (!reading.signal.aborted) throw error;
  }
}
