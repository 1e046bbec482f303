import { AcmeLedgerError } from '../errors.ts';
import { counted } from '../printable.ts';
import type { KeyChoice } from '../run/accounts/chosen-keys.ts';
import type { AccountsRun } from '../run/accounts/each-account.ts';
import { eachChosenAccount } from '../run/accounts/many-accounts.ts';
import { withCopiedLedger } from '../run/copied-ledger.ts';
import { paced } from '../run/rate.ts';
import type { CommandContext } from '../run/run-context.ts';
import { clearGiven, clearLogs } from './clear-logs.ts';
import type { ClearMethod } from './clear-method.ts';
import { clear } from './clear.ts';
import type { Cleared } from './clear-line.ts';
import { assertAuthorizationUrls, resourcesGiven } from './given-urls.ts';
import { ClearTally, type CostSeen, type GateSeen } from './tally.ts';

/** The options of `authz clear`, checked. */
export interface ClearChoice {
  /**
   * URLs of authorizations, orders and challenges; empty for all that the ledger holds open, or that logs
   * name.
   */
  urls: readonly string[];
  /** Logs of other clients, `-` for standard input; null for none. */
  logs: readonly string[] | null;
  dryRun: boolean;
  /** Also authorizations that are kept for a resume, and young ones. */
  all: boolean;
  olderThan: Date | null;
  method: ClearMethod;
  concurrency: number;
  /** Requests a second at most; null for as many as there are. */
  perSecond: number | null;
  keys: KeyChoice;
  run: AccountsRun;
}

/** The numbers of the last line beside those that were added up. */
export interface ClearSeen {
  gates: GateSeen[];
  costs: CostSeen[];
  /** How many authorizations weren't asked for any more. */
  notAsked: number;
  /** URLs of hosts that aren't asked; undefined where no URLs were looked at. */
  elsewhere?: number;
  /** Challenges whose authorization neither the CA nor a log told. */
  untold?: number;
}

export interface ClearedAll {
  tally: ClearTally;
  seen: ClearSeen;
  /** Failures of whole accounts, orders or answers. */
  errors: AcmeLedgerError[];
  exitCode: number;
}

/**
 * Settles every leak, or the authorizations that were named: in the ledger, or in a dry run in a copy of it.
 * @param tell called for each authorization as it is done
 * @throws AcmeLedgerError `usage`, `bad-file`: before anything is sent
 */
export async function clearAccounts(
  context: CommandContext,
  choice: ClearChoice,
  tell: (cleared: Cleared) => void,
): Promise<ClearedAll> {
  const { urls, logs } = choice;
  await assertAuthorizationUrls(context, urls);
  if (logs !== null && urls.length > 0) throw bothGiven();
  const resources = resourcesGiven(urls);
  const act = (one: CommandContext): Promise<ClearedAll> => {
    const run = { context: paced(one, choice.perSecond), choice, tally: new ClearTally(), tell };
    if (logs !== null) return clearLedTo(run, (found) => clearLogs(run.context, found, logs));
    if (resources !== null) return clearLedTo(run, (found) => clearGiven(run.context, found, resources));
    return clearHeld(run);
  };
  return choice.dryRun ? withCopiedLedger(context, choice.keys, act) : act(context);
}

interface ClearRun {
  context: CommandContext;
  choice: ClearChoice;
  tally: ClearTally;
  tell: (cleared: Cleared) => void;
}

/** Clears the authorizations that the ledger holds open, or these URLs, one account after the other. */
async function clearHeld({ context, choice, tally, tell }: ClearRun): Promise<ClearedAll> {
  const seen: ClearSeen = { gates: [], costs: [], notAsked: 0 };
  const ends: AcmeLedgerError[] = [];
  const unsettled: AcmeLedgerError[] = [];
  let stillPresented = 0;
  const unusable = await eachChosenAccount(context, choice.run, choice.keys, async (run, turns) => {
    await tally.noteHold(run);
    const progress = await context.output.progress('authorizations');
    const onResult = (cleared: Cleared): void => {
      tally.add(cleared);
      progress.done();
      tell(cleared);
    };
    try {
      const left = await clear(run, { ...choice, turns }, onResult, (total) => progress.expect(total));
      stillPresented += left.stillPresented;
      unsettled.push(...left.unsettled);
      seen.notAsked += left.notAsked;
      if (left.end !== null) ends.push(left.end);
    } finally {
      progress.stop();
    }
    seen.gates.push(await tally.gateOf(run));
    if (choice.dryRun) seen.costs.push(await tally.costAt(run, choice.method));
  });
  const [first] = unsettled;
  const errors = [
    ...ends,
    ...(stillPresented > 0 ? [notTakenDown(stillPresented)] : []),
    ...(first === undefined ? [] : [notSettled(unsettled.length, first)]),
  ];
  const isIncomplete = stillPresented + unusable > 0;
  return { tally, seen, errors, exitCode: isIncomplete ? 1 : tally.exitCode([...ends, ...unsettled]) };
}

/**
 * Clears the authorizations that logs name, or that given orders and challenges lead to, all accounts at
 * once.
 */
async function clearLedTo(
  { choice, tally, tell }: ClearRun,
  act: (found: Parameters<typeof clearLogs>[1]) => ReturnType<typeof clearLogs>,
): Promise<ClearedAll> {
  const { ends, unusable, ...seen } = await act({ ...choice, tally, tell });
  return { tally, seen, errors: ends, exitCode: unusable > 0 ? 1 : tally.exitCode(ends) };
}

function bothGiven(): AcmeLedgerError {
  return new AcmeLedgerError('usage', 'URLs are given, and logs, too', {
    hint: 'give one of both; acme-ledger authz clear --from-log - reads URLs from standard input',
  });
}

function notTakenDown(answers: number): AcmeLedgerError {
  return new AcmeLedgerError(
    'solver',
    `${counted(answers, 'answer')} to challenges could not be taken down, as the warnings say; nothing is open at the CA because of it`,
    { hint: 'mend the hook or the folder, then run acme-ledger authz clear again' },
  );
}

function notSettled(orders: number, { code, message, retryAt }: AcmeLedgerError): AcmeLedgerError {
  return new AcmeLedgerError(
    code,
    `${counted(orders, 'order')} of earlier runs could not be brought to an end: ${message}`,
    { hint: 'run acme-ledger authz clear again', ...(retryAt === undefined ? {} : { retryAt }) },
  );
}
