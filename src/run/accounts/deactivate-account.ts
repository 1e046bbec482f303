import { authorityOf } from '../../acme/authorities/authorities.ts';
import { AcmeLedgerError, hasCode } from '../../errors.ts';
import { accountAt, accountById, recordAccountLost } from '../../ledger/accounts.ts';
import { gateCount } from '../../ledger/authorizations/gate-count.ts';
import { listCertificates } from '../../ledger/certificates/certificates.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { unsettledOrders } from '../../ledger/orders/unsettled-orders.ts';
import type { AccountRow } from '../../ledger/schema.ts';
import { isLost } from '../../ledger/states.ts';
import { systemClock } from '../../clock.ts';
import { counted, printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';
import { withAccountRun } from '../open-account.ts';
import { withLedger } from '../open-ledger.ts';
import type { CommandContext } from '../run-context.ts';

export interface Deactivation {
  account: AccountRow;
  /** Whether the CA had ended it before. */
  wasEnded: boolean;
}

/**
 * Deactivates an account at its CA (RFC 8555 §7.3.6), which can't be undone. Nothing may be open on it: nobody could
 * settle that afterwards.
 * @param key the account's number in the ledger; undefined for the account that orders are made on at `--ca`
 * @param options.isSure the person has said that it is meant
 * @throws AcmeLedgerError `not-found`, `usage` before anything is sent; the CA's error
 */
export async function deactivateAccount(
  context: CommandContext,
  key: string | undefined,
  { isSure }: { isSure: boolean },
): Promise<Deactivation> {
  const account = await withLedger(context.settings, async (ledger) => {
    const row = await accountOf(context, ledger, key);
    if (isLost(row)) return row;
    await assertNothingOpen(ledger, row);
    if (!isSure) throw await question(ledger, row);
    return row;
  });
  if (isLost(account)) return { account, wasEnded: true };
  const run = { command: 'account deactivate', mayRegister: false, account };
  const wasEnded = await withAccountRun(context, authorityOf(account.ca), run, async (accountRun) => {
    const { ledger, session, stops } = accountRun;
    const assertAllowed = async (): Promise<void> => {
      await accountRun.assertLease();
      await assertNothingOpen(ledger, account);
    };
    try {
      await session.deactivateAccount({ assertAllowed, signal: stops.work });
      await recordAccountLost(accountRun, account.id, 'deactivated');
      return false;
    } catch (error) {
      if (!hasCode(error, 'ca-account')) throw error;
      await recordAccountLost(accountRun, account.id, 'deactivated');
      return true;
    }
  });
  return { account: { ...account, status: 'deactivated' }, wasEnded };
}

/** @throws AcmeLedgerError `not-found` */
async function accountOf(
  { settings }: CommandContext,
  ledger: Ledger,
  key: string | undefined,
): Promise<AccountRow> {
  const row =
    key === undefined
      ? await accountAt(ledger, authorityOf(settings.ca).directoryUrl)
      : await accountById(ledger, /^[0-9]+$/.test(key) ? Number(key) : 0);
  if (row !== undefined && row.url !== null) return row;
  const which = key === undefined ? `at ${printable(settings.ca)}` : printable(key);
  throw new AcmeLedgerError('not-found', `the ledger has no registered account ${which}`, {
    hint: 'acme-ledger account list shows those that it has',
  });
}

/** @throws AcmeLedgerError `usage` while authorizations or orders are open */
async function assertNothingOpen(ledger: Ledger, { id, ca }: AccountRow): Promise<void> {
  const now = systemClock.now();
  const { pending, reserved } = await gateCount(ledger, id, now);
  const orders = await unsettledOrders(ledger, id, now);
  if (pending + reserved + orders.length === 0) return;
  const what = `${counted(pending + reserved, 'authorization')} and ${counted(orders.length, 'order')}`;
  throw new AcmeLedgerError(
    'usage',
    `account ${id} has ${what} open, which nobody could close once it is deactivated`,
    {
      hint: `acme-ledger authz clear --all --ca ${shellWord(printable(ca))} settles them; then repeat this`,
    },
  );
}

/** What a person is to know before. */
async function question(ledger: Ledger, { id, ca, purpose }: AccountRow): Promise<AcmeLedgerError> {
  const certificates =
    purpose === 'orders' ? (await listCertificates(ledger)).filter((row) => row.ca === ca) : [];
  const renewed =
    certificates.length === 0
      ? ''
      : `; ${counted(certificates.length, 'certificate')} from there can't be renewed until there is another account`;
  return new AcmeLedgerError(
    'usage',
    `to deactivate account ${id} at ${printable(ca)} can't be undone${renewed}; certificates stay valid until they end`,
    { hint: `if that is meant: acme-ledger account deactivate ${shellWord(String(id))} --yes` },
  );
}
