import { authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { gateCount } from '../ledger/authorizations/gate-count.ts';
import { holdsOf } from '../ledger/limits/holds.ts';
import { nameServerDelays } from '../ledger/names/name-server-delays.ts';
import { failingNames } from '../ledger/names/failing-names.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ledgerAt } from '../ledger/open.ts';
import type { AccountRow } from '../ledger/schema.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import type { CommandContext } from '../run/run-context.ts';
import { limitStatus } from '../report/limit-status.ts';
import { holdJson } from '../report/ledger-json.ts';
import { withWanted } from '../wanted/write-configured.ts';
import { type CertificateCounts, certificateFigures } from './certificate-figures.ts';
import { type Check, checkOf, checkStates } from './check.ts';

export interface AccountStatus {
  ca: string;
  account: string | null;
  /** `valid`, or why nothing can be done on the account (docs/ledger.md). */
  status: string;
  gate: { pending: number; unsubmitted: number; reserved: number; maxPending: number; free: number };
  oldestPendingAt: Date | null;
  limits: LimitSeen[];
  /** The waits that the CA asked for. */
  holds: ReturnType<typeof holdJson>[];
  suspendedNames: number;
  failingNames: number;
}

/** Where the program looked: the answer to a person who sees nothing. */
interface Places {
  stateDir: string;
  ledger: string;
  /** The configuration file that was read; null for none. */
  configuration: string | null;
  /** Where one was looked for. */
  configurationPlaces: readonly string[];
}

/** `status --json` of docs/json.md. */
export interface Status {
  accounts: AccountStatus[];
  /** The name servers whose records are waited for longer than they take to show them. */
  nameServerDelays: { servers: string[]; extraSeconds: number; failedAt: Date | null }[];
  certificates: CertificateCounts;
  check: Check;
  places: Places;
}

/**
 * The accounts and certificates at a glance, from the ledger alone. @throws AcmeLedgerError `not-found`,
 * `configuration`
 */
export async function statusOf(context: CommandContext): Promise<Status> {
  return withWanted(context, async (ledger) => {
    const chosen = await accountsAtCa(context, ledger);
    const accounts = (await listAccounts(ledger)).filter(({ id }) => chosen === null || chosen.includes(id));
    const { counts, concerns } = await certificateFigures(context, ledger);
    return {
      accounts: await Promise.all(accounts.map((account) => accountStatus(context, ledger, account))),
      nameServerDelays: (await nameServerDelays(ledger)).map((delay) => ({
        servers: delay.servers.split(' '),
        extraSeconds: delay.extra_seconds,
        failedAt: delay.failed_at,
      })),
      certificates: counts,
      check: checkOf(accounts, concerns),
      places: placesOf(context),
    };
  });
}

/** The exit code of `status --check`. */
export function exitCodeOfCheck({ check }: Status): number {
  return checkStates[check.state];
}

async function accountStatus(
  context: CommandContext,
  ledger: Ledger,
  account: AccountRow,
): Promise<AccountStatus> {
  const count = await gateCount(ledger, account.id, systemClock.now());
  const failing = await failingNames(ledger, account.id, systemClock.now());
  const maxPending = context.settings.maxPending ?? authorityOf(account.ca).maxPending;
  return {
    ca: account.ca,
    account: account.url,
    status: account.status,
    gate: {
      pending: count.pending,
      unsubmitted: count.unsubmitted,
      reserved: count.reserved,
      maxPending,
      free: Math.max(0, maxPending - count.pending - count.reserved),
    },
    oldestPendingAt: count.oldestPendingAt,
    limits: [
      {
        limit: 'pending authorizations',
        subject: null,
        used: count.pending + count.reserved,
        max: maxPending,
        nextFreeAt: count.nextExpiryAt,
      },
      ...(await limitStatus(context.settings, ledger, account)),
    ],
    holds: (await holdsOf(ledger, account.id, systemClock.now())).map(holdJson),
    suspendedNames: failing.filter(({ suspended_at }) => suspended_at !== null).length,
    failingNames: failing.length,
  };
}

function placesOf({ settings }: CommandContext): Places {
  return {
    stateDir: settings.stateDir,
    ledger: ledgerAt(settings.ledgerUrl).place,
    configuration: settings.configurationFile,
    configurationPlaces: settings.configurationPlaces,
  };
}
