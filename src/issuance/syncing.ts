import pLimit from 'p-limit';
import { AcmeLedgerError } from '../errors.ts';
import { appendEvents } from '../ledger/events.ts';
import { nameProven, pendingAuthorizations, recordSeen } from '../ledger/authorizations.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { allOrFirstError } from './all-or-first-error.ts';
import { authorizationSeen } from './authorization-seen.ts';
import type { Issuance } from './issuance.ts';
import { isGone } from '../acme/problems.ts';
import { recordGone } from './verdicts.ts';

/** One line of `authz sync --json`: what the ledger held and what the CA says. */
export interface Compared {
  url: string;
  identifier: string | null;
  ledger: string;
  /** Null when the CA couldn't be asked. */
  ca: string | null;
  differs: boolean;
  reason: string | null;
}

/** Asks the CA for the state of every authorization that the ledger holds open, and records each difference (promise 6). */
export async function sync(
  issuance: Issuance,
  options: { concurrency: number },
  onResult: (compared: Compared) => void,
  onTotal: (count: number) => void = () => undefined,
): Promise<void> {
  const rows = await pendingAuthorizations(issuance.ledger, issuance.account.id);
  onTotal(rows.length);
  const limit = pLimit(options.concurrency);
  await allOrFirstError(
    rows.map((row) =>
      limit(async () => {
        if (!issuance.stops.work.aborted) onResult(await compare(issuance, row));
      }),
    ),
  );
}

async function compare(issuance: Issuance, row: AuthorizationRow): Promise<Compared> {
  const identifier = nameProven(row);
  const known = { url: row.url, identifier, ledger: row.status };
  try {
    const answer = await issuance.session.getAuthorization(row.url, issuance.stops.grace);
    await recordSeen(issuance, [authorizationSeen(answer)]);
    return await noted(issuance, row, {
      ...known,
      ca: answer.status,
      differs: answer.status !== row.status,
      reason: null,
    });
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    if (!isGone(error)) return { ...known, ca: null, differs: false, reason: error.message };
    await recordGone(issuance, row.url);
    return await noted(issuance, row, {
      ...known,
      ca: 'expired',
      differs: true,
      reason: 'the CA has forgotten it',
    });
  }
}

async function noted(issuance: Issuance, row: AuthorizationRow, compared: Compared): Promise<Compared> {
  if (compared.differs) {
    await appendEvents(issuance, [
      {
        kind: 'difference',
        authorizationId: row.id,
        accountId: row.account_id,
        data: { ledger: row.status, ca: compared.ca },
      },
    ]);
  }
  return compared;
}
