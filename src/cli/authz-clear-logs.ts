import { authorizationUrlOf } from '../clients/acme-url-forms.ts';
import { urlsInLogs } from '../clients/found-urls.ts';
import { type LogReading, assertLogs } from '../clients/log-bytes.ts';
import { type AcmeLedgerError, errorRecord } from '../errors.ts';
import { clearFound } from '../issuance/clearing-found.ts';
import type { FoundUrl } from '../issuance/kept-urls.ts';
import type { Clearing } from '../issuance/clearing-one.ts';
import type { ClearTally, CostSeen, GateSeen } from './authz-clear-tally.ts';
import { lineText } from './authz-clear-text.ts';
import type { KeyChoice } from './chosen-keys.ts';
import type { CommandContext } from './context.ts';
import type { AccountsRun } from './each-account.ts';
import { withAccounts } from './many-accounts.ts';
import { complainOf } from './output.ts';
import { startFileProgress } from './progress.ts';

export interface LogClearing extends Clearing {
  /** `-` is standard input. */
  files: readonly string[];
  keys: KeyChoice;
  run: AccountsRun;
  concurrency: number;
}

export interface LogsCleared {
  gates: GateSeen[];
  costs: CostSeen[];
  ends: AcmeLedgerError[];
  /** URLs of hosts that are no server of the accounts. */
  elsewhere: number;
  /** Challenges whose authorization nothing told. */
  untold: number;
  /** URLs that weren't asked for any more: what `ends` says, or an interruption. */
  notAsked: number;
  /** Keys and accounts that couldn't be used, and logs that couldn't be read to their end. */
  unusable: number;
}

/** Of these nobody wants a line each, of a hundred thousand. */
const quiet: readonly string[] = ['already-final', 'gone', 'foreign'];

/**
 * What other clients' logs name, all accounts at once.
 * @throws AcmeLedgerError `bad-file` for a log or a key that can't be read: before anything is sent
 */
export async function clearLogs(
  context: CommandContext,
  options: LogClearing,
  tally: ClearTally,
): Promise<LogsCleared> {
  await assertLogs(options.files);
  return withAccounts(context, options.run, options.keys, async (issuances, unusable) => {
    const progress = await startFileProgress(context, options.files, 'URLs');
    try {
      let damaged = 0;
      const found = foundIn(options.files, {
        signal: context.stops.work,
        onBytes: (bytes) => progress.read(bytes),
        onUnreadable: (error) => {
          damaged += 1;
          complainOf(errorRecord(error));
        },
      });
      const clearing = {
        ...options,
        source: 'log' as const,
        authorizationOf: authorizationUrlOf,
        progress,
      };
      const { elsewhere, untold, notAsked, ends } = await clearFound(
        issuances,
        found,
        clearing,
        (cleared) => {
          tally.add(cleared);
          const isShown = context.output.json || context.settings.verbosity > 0;
          if (isShown || !quiet.includes(cleared.action)) context.output.line(cleared, lineText);
        },
      );
      const gates = await Promise.all(issuances.map((issuance) => tally.gateOf(issuance)));
      const costs = options.dryRun
        ? await Promise.all(issuances.map((issuance) => tally.costAt(issuance, options.method)))
        : [];
      const all = { gates, costs, ends: ends.map(({ end }) => end), elsewhere, untold, notAsked };
      return { ...all, unusable: unusable + damaged };
    } finally {
      progress.stop();
    }
  });
}

async function* foundIn(files: readonly string[], reading: LogReading): AsyncGenerator<FoundUrl> {
  try {
    for await (const { loggedAt, ...found } of urlsInLogs(files, reading)) {
      // As the ledger writes times.
      yield { ...found, loggedAt: loggedAt === null ? null : new Date(loggedAt).toISOString() };
    }
  } catch (error) {
    // Interrupted: what is left is for the next run.
    if (!reading.signal.aborted) throw error;
  }
}
