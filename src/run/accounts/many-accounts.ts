import { type Authority, authorityOf } from '../../acme/authorities/authorities.ts';
import type { Session } from '../../acme/session.ts';
import { openSession } from '../../acme/open-session.ts';
import { systemClock } from '../../clock.ts';
import { AcmeLedgerError, errorRecord, hasCode } from '../../errors.ts';
import { keyOfAccount } from './account-in-use.ts';
import { keepFoundAccount } from './found-account.ts';
import { ownPatienceMs } from '../../issuance/waiting/obey-retry-after.ts';
import type { AccountRun } from '../../issuance/account-run.ts';
import { waitUntilAllowedMs } from '../../issuance/waiting/wait-until-allowed.ts';
import { recordRegistered } from '../../ledger/accounts.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { openAccountOfKey } from './account-of-key.ts';
import { chosenAccounts } from './chosen-account.ts';
import { type KeyChoice, chosenKeys, isKeyGiven } from './chosen-keys.ts';
import type { CommandContext } from '../run-context.ts';
import { type AccountsRun, eachAccount } from './each-account.ts';
import type { FoundKey } from './key-sources.ts';
import { withLedger } from '../open-ledger.ts';
import { withLedgerWriter } from '../ledger-writing.ts';
import { accountRunOf } from './new-account-run.ts';
import { sessionOptions } from '../session-options.ts';
import { limitsAt } from '../../settings/limit-changes.ts';

const triesAtMost = 3;

/** An account that can be asked. */
interface Opened {
  authority: Authority;
  session: Session;
  /** The account's row, written down where it is new to the ledger. */
  row: (writer: LedgerWriter) => Promise<AccountRow>;
}

/**
 * Opens several accounts at once, of any CAs: those of the keys that a person gave, else those of the ledger.
 * An account of another client is kept in the ledger for cleaning up alone. A key that has no account is
 * reported, and left out; so is a CA that is out of order.
 * @param act gets how many keys or accounts couldn't be used
 * @throws AcmeLedgerError the first reason when no account can be used
 */
export async function withAccounts<T>(
  context: CommandContext,
  run: AccountsRun,
  choice: KeyChoice,
  act: (accountRuns: readonly AccountRun[], unusable: number) => Promise<T>,
): Promise<T> {
  const { opened, failures } = isKeyGiven(choice)
    ? await openKeys(context, run, choice)
    : await openHeld(context, run);
  try {
    if (opened.length === 0) throw failures[0] ?? noAccount();
    return await withLedgerWriter(context, run.command, async (writer) => {
      const accountRuns: AccountRun[] = [];
      for (const { authority, session, row } of opened) {
        const account = await row(writer);
        const { patienceMs } = run;
        accountRuns.push(accountRunOf(context, writer, authority, { session, account, patienceMs }));
      }
      return act(accountRuns, failures.length);
    });
  } finally {
    for (const { session } of opened) session.close();
  }
}

/**
 * Runs `act` for one account after the other: those of the keys that a person gave, else those of the ledger.
 * @param act gets also the ids of all accounts that have their turn
 * @returns how many of the keys couldn't be used
 */
export async function eachChosenAccount(
  context: CommandContext,
  run: AccountsRun,
  choice: KeyChoice,
  act: (run: AccountRun, turns: ReadonlySet<number>) => Promise<void>,
): Promise<number> {
  if (!isKeyGiven(choice)) {
    await eachAccount(context, run, act);
    return 0;
  }
  return withAccounts(context, run, choice, async (accountRuns, unusable) => {
    const turns = new Set(accountRuns.map(({ account }) => account.id));
    for (const accountRun of accountRuns) {
      if (!context.stops.work.aborted) await act(accountRun, turns);
    }
    return unusable;
  });
}

interface Failure {
  /** The key's file, or the CA. */
  subject: string;
  error: AcmeLedgerError;
}

interface AllOpened {
  opened: Opened[];
  failures: AcmeLedgerError[];
}

async function openKeys(context: CommandContext, run: AccountsRun, choice: KeyChoice): Promise<AllOpened> {
  const { keys, failed } = await chosenKeys(context, choice);
  // A ledger that can't be used is found before anything is sent.
  await withLedger(context.settings, () => Promise.resolve());
  const before = failed.map(({ file, error }) => ({ subject: file, error }));
  const toOpen = keys.map((key) => ({ subject: key.file, open: () => openKey(context, run, key) }));
  return openAll(context, run, toOpen, before);
}

/**
 * Opens one account after the other; an account that can't be used is reported, and doesn't keep the others
 * from being opened.
 */
async function openAll(
  context: CommandContext,
  run: AccountsRun,
  toOpen: readonly { subject: string; open: () => Promise<Opened> }[],
  before: readonly Failure[] = [],
): Promise<AllOpened> {
  const failures = [...before];
  const opened: Opened[] = [];
  for (const { subject, open } of toOpen) {
    try {
      context.stops.work.throwIfAborted();
      opened.push(await whenLet(context, run, open));
    } catch (error) {
      if (!(error instanceof AcmeLedgerError) || error.code === 'interrupted') {
        for (const { session } of opened) session.close();
        throw error;
      }
      failures.push({ subject, error });
    }
  }
  // Where no account was opened, the command ends with the first failure.
  const told = opened.length > 0 ? failures : failures.slice(1);
  for (const { subject, error } of told) context.output.complainOf(errorRecord(error), subject);
  return { opened, failures: failures.map(({ error }) => error) };
}

/** Opens an account, and once more, or twice, where the CA asks for no more patience than was allowed. */
async function whenLet<T>(
  { stops }: CommandContext,
  { patienceMs = 0 }: AccountsRun,
  open: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await open();
    } catch (error) {
      const waitMs = waitUntilAllowedMs({ clock: systemClock }, error, Math.max(patienceMs, ownPatienceMs));
      if (waitMs === null || tries === triesAtMost) throw error;
      await systemClock.sleep(waitMs, stops.work);
    }
  }
}

async function openKey(
  context: CommandContext,
  { concurrency, isDry = false }: AccountsRun,
  { authority, keyPem }: FoundKey,
): Promise<Opened> {
  const { session, account } = await openAccountOfKey(context, authority, keyPem, concurrency);
  const found = { ca: authority.directoryUrl, keyPem, account };
  const stateDir = isDry ? null : context.settings.stateDir;
  return {
    authority,
    session,
    row: async (writer) => (await keepFoundAccount(writer, stateDir, found, 'clean-up')).row,
  };
}

/** The registered accounts of the ledger, or that of `--ca`. */
async function openHeld(context: CommandContext, run: AccountsRun): Promise<AllOpened> {
  const rows = await withLedger(context.settings, (ledger) => chosenAccounts(context, ledger)).catch(
    (error: unknown) => {
      throw hasCode(error, 'not-found') ? noAccount(error) : error;
    },
  );
  const toOpen = rows.map((row) => ({ subject: row.ca, open: () => openRow(context, run, row) }));
  return openAll(context, run, toOpen);
}

/**
 * @throws AcmeLedgerError `ca-problem` for an account whose registration was never answered, and that the CA
 * doesn't have
 */
async function openRow(
  context: CommandContext,
  { concurrency }: AccountsRun,
  row: AccountRow,
): Promise<Opened> {
  const authority = authorityOf(row.ca);
  const keyPem = await keyOfAccount(context.settings.stateDir, row);
  if (row.url === null) {
    const { session, account } = await openAccountOfKey(context, authority, keyPem, concurrency);
    const { url, status } = account;
    return {
      authority,
      session,
      row: async (writer) => {
        await recordRegistered(writer, row.id, { url, status });
        return { ...row, url, status };
      },
    };
  }
  const session = await openSession({
    ...sessionOptions(context, authority),
    pace: limitsAt(authority, context.settings.limits).pace,
    accountKeyPem: keyPem,
    accountUrl: row.url,
    maxInFlight: concurrency,
  });
  return { authority, session, row: () => Promise.resolve(row) };
}

function noAccount(cause?: AcmeLedgerError): AcmeLedgerError {
  const message = cause?.message ?? 'the ledger has no account';
  return new AcmeLedgerError('not-found', `${message}, and no key was given`, {
    hint: "give the other client's key: --import-accounts certbot (or another client), or --account-key FILE --ca NAME|URL",
    cause,
  });
}
