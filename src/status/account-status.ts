import { authorityOf } from '../acme/authorities/authorities.ts';
import { systemClock } from '../clock.ts';
import { isTemporary } from '../error-kinds.ts';
import type { LimitSeen } from '../issuance/limits/limits-seen.ts';
import { isEndingSoon } from '../issuance/due/renewal-window.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { listCertificates } from '../ledger/certificates/certificates.ts';
import { pauseOf } from '../ledger/certificates/pauses.ts';
import { gateCount } from '../ledger/authorizations/gate-count.ts';
import { holdsOf } from '../ledger/limits/holds.ts';
import { failingNames } from '../ledger/names/failing-names.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { AccountRow, CertificateRow } from '../ledger/schema.ts';
import { accountsAtCa } from '../run/accounts/chosen-account.ts';
import type { CommandContext } from '../run/run-context.ts';
import { type DueCounts, countDue, standingsNow } from '../plan/standings.ts';
import { limitStatus } from '../report/limit-status.ts';
import { holdJson } from '../report/ledger-json.ts';
import { withWanted } from '../wanted/write-configured.ts';

export interface AccountStatus {
  ca: string;
  account: string | null;
  /** `valid`, or why nothing can be done on the account (docs/ledger.md). */
  status: string;
  gate: { pending: number; unsubmitted: number; reserved: number; maxPending: number; free: number };
  oldestPendingAt: string | null;
  limits: LimitSeen[];
  /** The waits that the CA asked for. */
  holds: ReturnType<typeof holdJson>[];
  suspendedNames: number;
  failingNames: number;
}

export interface CertificateCounts extends DueCounts {
  total: number;
  /**
   * Of the due certificates: `renew` leaves these as they are until names of theirs are mended or resumed.
   */
  leftAlone: number;
  failing: number;
  /**
   * Certificates near their end: a tenth of their own life is left, or half of the time between the day that
   * they are due and their end is over.
   */
  expiringSoon: number;
  /** Certificates that somebody paused: they are neither due nor failing. */
  paused: number;
  /** Of the paused certificates: those near their end, or past it. */
  pausedEnding: number;
}

/** `status --json` of docs/json.md. */
export interface Status {
  accounts: AccountStatus[];
  certificates: CertificateCounts;
}

/**
 * The accounts and certificates at a glance, from the ledger alone. @throws AcmeLedgerError `not-found`,
 * `configuration`
 */
export async function statusOf(context: CommandContext): Promise<Status> {
  return withWanted(context, async (ledger) => {
    const chosen = await accountsAtCa(context, ledger);
    const accounts = (await listAccounts(ledger)).filter(({ id }) => chosen === null || chosen.includes(id));
    return {
      accounts: await Promise.all(accounts.map((account) => accountStatus(context, ledger, account))),
      certificates: await certificateCounts(context, ledger),
    };
  });
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

async function certificateCounts(context: CommandContext, ledger: Ledger): Promise<CertificateCounts> {
  const now = systemClock.now();
  const rows = await listCertificates(ledger);
  const paused = rows.filter((row) => pauseOf(row, now) !== null);
  const due = countDue(await standingsNow(context, ledger));
  return {
    total: rows.length,
    ...due,
    leftAlone: due.waits.find((wait) => wait.for === 'suspended')?.count ?? 0,
    failing: rows.filter((row) => isFailing(row) && !paused.includes(row)).length,
    expiringSoon: rows.filter((row) => isEndingSoon(row, now)).length,
    paused: paused.length,
    pausedEnding: paused.filter((row) => isEndingSoon(row, now)).length,
  };
}

/** Whether the last attempt failed: a certificate that had to wait for a limit doesn't fail. */
function isFailing({ last_error: error }: CertificateRow): boolean {
  return error !== null && !isTemporary(error);
}
