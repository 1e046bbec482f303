import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { ErrorRecord } from '../errors.ts';
import type { Account } from '../acme/objects/resources.ts';
import type { SolverOptions } from '../challenges/option-list.ts';
import { parseAccountKey, thumbprint } from '../acme/http/account-key.ts';
import { keepFoundAccount } from '../run/accounts/found-account.ts';
import { accountByKey } from '../ledger/accounts.ts';
import type { AccountRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { printable } from '../printable.ts';
import { openAccountOfKey } from '../run/accounts/account-of-key.ts';
import { nothingGiven } from './nothing-given.ts';
import { assertHaveCertificates, assertNoneOfCertificates, takeCertificates } from './import-certificates.ts';
import type { Taken } from './taken.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { ImportOutcome, ImportSummary } from './summary.ts';
import { summaryOf } from './summary.ts';
import type { ClientChoice, FoundKey, FoundKeys } from '../run/accounts/key-sources.ts';
import { keyOfFile, keysOfClient, noAccounts, parseClientChoice } from '../run/accounts/key-sources.ts';
import { withLedger } from '../run/open-ledger.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { accountJson } from '../report/ledger-json.ts';
import { shellWord } from '../shell-word.ts';

export interface AccountImport {
  /** A key file. */
  file: string | undefined;
  /** `CLIENT[:DIR]` each. */
  clients: readonly string[];
  /** The clients' certificates are wanted, too. */
  certificates: boolean;
  /** Take over the commands that the clients run for them, too. */
  withHooks: boolean;
  /** Of the certificates those of these names; all when there is none. */
  only: readonly string[];
  /** Make links into the store of the clients' own files. */
  link: boolean;
  /** How names are proven where the client's files don't say it. */
  solver: SolverOptions;
  /** Orders are made on the imported account from now on. */
  use: boolean;
  dryRun: boolean;
}

/** A line of `account import --json`. */
interface Imported {
  file: string;
  client: string | null;
  /** The URL of the CA's directory; null where nothing tells it. */
  ca: string | null;
  outcome: ImportOutcome;
  /** The account's URL. */
  url: string | null;
  /** The account as the ledger has it. */
  account: ReturnType<typeof accountJson> | null;
  error: ErrorRecord | null;
}

interface Asked extends FoundKey {
  account: Account;
}

/** What came of an import; each account has been reported when it was there. */
export interface ImportResult {
  exitCode: number;
  accounts: ImportSummary;
  /** Null where no certificates were asked for. */
  certificates: { taken: Taken[]; summary: ImportSummary } | null;
}

/**
 * `account import`: each key's account is asked from its CA, then the accounts that the CA has are written
 * down, and then the certificates.
 * @throws AcmeLedgerError for a source that can't be read at all
 */
export async function importAccounts(context: CommandContext, options: AccountImport): Promise<ImportResult> {
  const found = await keysOf(context, options);
  if (options.use) assertOneForEach(found.keys);
  const results: Imported[] = [];
  const tell = (imported: Imported): void => {
    results.push(imported);
    tellOf(context, imported);
  };
  for (const { file, client, error } of found.failed) {
    tell({ ...nothing, file, client, error: errorRecord(error) });
  }
  const asked = await askAll(context, found.keys, tell);
  if (asked.length > 0) await writeAll(context, options, asked, tell);
  const accountsAt = new Set(asked.map(({ authority }) => authority.directoryUrl));
  const certificates = options.certificates ? await certificatesOf(context, options, accountsAt) : null;
  return {
    exitCode: exitCode(results, certificates?.summary.failed ?? 0),
    accounts: summaryOf(results, found.elsewhere),
    certificates,
  };
}

async function certificatesOf(
  context: CommandContext,
  options: AccountImport,
  accountsAt: ReadonlySet<string>,
): Promise<ImportResult['certificates']> {
  const { taken, elsewhere } = await takeCertificates(context, { ...options, accountsAt });
  return { taken, summary: summaryOf(taken, elsewhere) };
}

/** The exit code: 75 where nothing is wrong but that a CA wants to be asked later. */
function exitCode(results: readonly Imported[], failedCertificates: number): number {
  const errors = results.map(({ error }) => error?.code).filter((code) => code !== undefined);
  if (errors.length + failedCertificates === 0) return 0;
  return failedCertificates === 0 && errors.every((code) => code === 'ca-limit') ? 75 : 1;
}

async function keysOf(
  context: CommandContext,
  { file, clients, certificates, solver, only, link }: AccountImport,
): Promise<FoundKeys> {
  const choices = clients.map((text) => parseClientChoice(text, '--import-accounts'));
  if (file === undefined && choices.length === 0) {
    throw nothingGiven();
  }
  if (certificates) assertHaveCertificates(choices);
  else assertNoneOfCertificates(solver, { only, link });
  const found: FoundKeys = { keys: [], failed: [], elsewhere: 0 };
  if (file !== undefined) found.keys.push(await keyOfFile(context, file));
  for (const choice of choices) {
    const { keys, failed, elsewhere } = await keysOfClient(context, choice);
    found.keys.push(...keys);
    found.failed.push(...failed);
    found.elsewhere += elsewhere;
    if (keys.length + failed.length + elsewhere === 0) throw noAccounts(nameOf(choice), 0);
  }
  return found;
}

function nameOf({ client, directory }: ClientChoice): string {
  return directory === undefined ? client : `${client}:${directory}`;
}

/** @throws AcmeLedgerError `usage` when it would be left to chance which of several accounts is used */
function assertOneForEach(keys: readonly FoundKey[]): void {
  const twice = keys.find(({ authority, keyPem }) =>
    keys.some((other) => other.authority.directoryUrl === authority.directoryUrl && other.keyPem !== keyPem),
  );
  if (twice === undefined) return;
  throw new AcmeLedgerError(
    'usage',
    `--use: there is more than one account at ${twice.authority.label}, and orders are made on one`,
    {
      hint: `name its key file: acme-ledger account import --use --ca ${shellWord(twice.authority.directoryUrl)} FILE`,
    },
  );
}

/** Asks for one account after the other: there are few, and each is another connection. */
async function askAll(
  context: CommandContext,
  keys: readonly FoundKey[],
  tell: (imported: Imported) => void,
): Promise<Asked[]> {
  const asked: Asked[] = [];
  for (const key of keys) {
    context.stops.work.throwIfAborted();
    try {
      const { session, account } = await openAccountOfKey(context, key.authority, key.keyPem);
      session.close();
      asked.push({ ...key, account });
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      tell({ ...placeOf(key), error: errorRecord(error) });
    }
  }
  return asked;
}

async function writeAll(
  context: CommandContext,
  { use, dryRun }: AccountImport,
  asked: readonly Asked[],
  tell: (imported: Imported) => void,
): Promise<void> {
  if (dryRun) {
    await withLedger(context.settings, async (ledger) => {
      for (const key of asked) {
        const keyThumbprint = thumbprint(parseAccountKey(key.keyPem));
        const row = await accountByKey(ledger, key.authority.directoryUrl, keyThumbprint);
        tell(resultOf(key, row ?? null, row === undefined ? 'would-add' : 'known'));
      }
    });
    return;
  }
  await withLedgerWriter(context, 'account import', async (writer) => {
    for (const key of asked) tell(await keep(writer, context.settings.stateDir, key, use));
  });
}

async function keep(writer: LedgerWriter, stateDir: string, key: Asked, use: boolean): Promise<Imported> {
  const found = { ca: key.authority.directoryUrl, keyPem: key.keyPem, account: key.account };
  const { row, isNew } = await keepFoundAccount(writer, stateDir, found, use ? 'only-orders' : 'orders');
  return resultOf(key, row, isNew ? 'added' : 'known');
}

const nothing = { ca: null, url: null, account: null, outcome: 'failed' } as const;

function placeOf({ file, client, authority }: FoundKey): Omit<Imported, 'error'> {
  return { ...nothing, file, client, ca: authority.directoryUrl };
}

function resultOf(key: Asked, row: AccountRow | null, outcome: ImportOutcome): Imported {
  const account = row === null ? null : accountJson(row);
  return { ...placeOf(key), url: key.account.url, account, outcome, error: null };
}

function tellOf({ output }: CommandContext, imported: Imported): void {
  if (imported.error !== null && !output.json) output.complainOf(imported.error, imported.file);
  else output.line(imported, textOf);
}

function textOf({ outcome, account, url, file }: Imported): string {
  const which = account === null ? '' : ` account ${String(account.id)}`;
  const use = account?.purpose === 'clean-up' ? ', for cleaning up alone: another one is used (--use)' : '';
  return `${outcome}${which}  ${printable(url ?? '?')}  ${printable(file)}${use}`;
}
