import type { AcmeLedgerError } from '../errors.ts';
import { eachAccount } from '../run/accounts/each-account.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { Compared } from './sync-line.ts';
import { type Synced, sync } from './sync.ts';

export interface SyncSummary {
  /** Authorizations. */
  seen: number;
  orders: number;
  differing: number;
  failed: number;
  lost: number;
  undecided: number;
  notAsked: number;
}

export interface SyncEnd {
  summary: SyncSummary;
  /** Why accounts weren't asked for all that they have open. */
  ends: AcmeLedgerError[];
  exitCode: number;
}

/** Compares what the ledger holds open with the CA, account after account. @param tell called for each authorization and order */
export async function syncAccounts(
  context: CommandContext,
  options: { concurrency: number },
  tell: (compared: Compared) => void,
): Promise<SyncEnd> {
  const summary = { seen: 0, orders: 0, differing: 0, failed: 0, lost: 0, undecided: 0, notAsked: 0 };
  const synced: Synced[] = [];
  await eachAccount(context, { command: 'authz sync' }, async (run) => {
    const progress = await context.output.progress('authorizations and orders');
    const onResult = (compared: Compared): void => {
      count(summary, compared);
      progress.done();
      tell(compared);
    };
    try {
      synced.push(await sync(run, options, onResult, (total) => progress.expect(total)));
    } finally {
      progress.stop();
    }
  });
  summary.notAsked = synced.reduce((total, { notAsked }) => total + notAsked, 0);
  const ends = synced.flatMap(({ end }) => end ?? []);
  return { summary, ends, exitCode: exitCodeOf(summary, ends) };
}

function count(summary: SyncSummary, { kind, outcome }: Compared): void {
  if (outcome === 'lost') {
    summary.lost += 1;
    return;
  }
  if (kind === 'order') summary.orders += 1;
  else summary.seen += 1;
  if (outcome === 'differs') summary.differing += 1;
  if (outcome === 'failed') summary.failed += 1;
  if (outcome === 'undecided') summary.undecided += 1;
}

/** 75 where the CA asked for patience before all were asked for, 1 where one could not be asked for. */
function exitCodeOf({ failed }: SyncSummary, ends: readonly AcmeLedgerError[]): number {
  if (failed > 0) return 1;
  return ends.length > 0 ? 75 : 0;
}
