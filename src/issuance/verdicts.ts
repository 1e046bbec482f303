import type { Answer, Authorization } from '../acme/resources.ts';
import { errorRecord } from '../errors.ts';
import { recordSeen } from '../ledger/authorizations.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { authorizationSeen } from './authorization-seen.ts';
import type { Issuance } from './issuance.ts';
import { isGone } from './place-order.ts';
import { poll } from './polling.ts';

/** Waits for the CA's verdict on submitted authorizations, one by one, until a deadline. What isn't decided by then stays pending. */
export async function awaitVerdicts(
  issuance: Issuance,
  rows: readonly AuthorizationRow[],
  deadline: Date,
): Promise<void> {
  await Promise.all(rows.map((row) => awaitVerdict(issuance, row, deadline)));
}

async function awaitVerdict(issuance: Issuance, row: AuthorizationRow, deadline: Date): Promise<void> {
  try {
    const answer = await poll(
      () => issuance.session.getAuthorization(row.url, issuance.stops.grace),
      (authorization) => authorization.status !== 'pending',
      { clock: issuance.clock, deadline, signal: issuance.stops.grace },
    );
    await recordSeen(issuance, [authorizationSeen(answer)]);
  } catch (error) {
    if (!isGone(error)) {
      issuance.log.warn(
        { authorization: row.url, error: errorRecord(error) },
        'the CA could not be asked for its verdict',
      );
      return;
    }
    await recordSeen(issuance, [{ url: row.url, status: 'expired', identifier: null, expiresAt: null }]);
  }
}

/** Asks the CA for these authorizations and records what it says. Ones that are gone (404) are recorded as expired and left out. */
export async function refresh(
  issuance: Issuance,
  rows: readonly AuthorizationRow[],
): Promise<Answer<Authorization>[]> {
  const answers = await Promise.all(
    rows.map(async (row) => {
      try {
        return await issuance.session.getAuthorization(row.url, issuance.stops.grace);
      } catch (error) {
        if (!isGone(error)) throw error;
        return row.url;
      }
    }),
  );
  const seen = answers.filter((answer) => typeof answer !== 'string');
  const gone = answers.filter((answer) => typeof answer === 'string');
  await recordSeen(issuance, [
    ...seen.map(authorizationSeen),
    ...gone.map((url) => ({ url, status: 'expired' as const, identifier: null, expiresAt: null })),
  ]);
  return seen;
}
