import type { Authorization } from '../acme/objects/resources.ts';
import { isGone } from '../acme/objects/problems.ts';
import { later, timeText } from '../clock.ts';
import { AcmeLedgerError } from '../errors.ts';
import { authorizationById, nameProven, recordSeen } from '../ledger/authorizations/authorizations.ts';
import { recordFoundSubmitted } from '../ledger/orders/submissions.ts';
import { appendEvents } from '../ledger/events.ts';
import type { AuthorizationRow } from '../ledger/schema.ts';
import { isSubmitted } from '../ledger/states.ts';
import type { CaQuestions } from '../issuance/waiting/ca-questions.ts';
import { authorizationSeen } from '../issuance/authorization/authorization-seen.ts';
import type { AccountRun } from '../issuance/account-run.ts';
import { protectionOf } from '../issuance/ownership/protection.ts';
import type { Compared } from './sync-line.ts';
import { isSubmitLost, recordGone } from '../issuance/authorization/verdicts.ts';

/** A validation takes a minute; a CA that has no verdict after this has none to give soon. */
const slowVerdictMs = 3_600_000;
/** A CA that reads from a replica may not know yet what it has just made. */
const youngMs = 60_000;

/**
 * Compares an authorization as the ledger held it with what the CA says, and records that.
 * @returns nothing when the CA wasn't asked
 */
export async function compareAuthorization(
  run: AccountRun,
  asking: CaQuestions,
  held: AuthorizationRow,
  isKnown = true,
): Promise<Compared[]> {
  const askedAt = run.clock.now();
  const answer = await asking.ask(() => run.session.getAuthorization(held.url, run.stops.grace));
  if (answer === null) return [];
  // A run may have gone on with it while the CA was asked.
  const row = (await authorizationById(run.ledger, held.id)) ?? held;
  const line = lineOf(row, isKnown);
  if (answer instanceof AcmeLedgerError) return [await compareFailed(run, row, line, answer)];
  // A run has recorded something since: that is newer than this answer.
  if (row.status !== held.status) return [{ ...line, ca: answer.status }];
  await recordSeen(run, [{ ...authorizationSeen(answer), askedAt }]);
  const named = { ...line, ca: answer.status, identifier: nameShown(answer) };
  if (!isKnown) return [await noted(run, row, differing({ ...named, reason: unknownReason }))];
  // A run learns of a verdict when it looks at its order.
  const worker = await protectionOf(run, row, { includeKept: true });
  if (worker !== null) return [{ ...named, reason: worker.reason }];
  if (answer.status !== row.status) return [await noted(run, row, differing(named))];
  return [await noted(run, row, await compareChallenge(run, row, answer, named))];
}

const unknownReason = 'the ledger did not know of it; it is counted and settled from now on';

function lineOf(row: AuthorizationRow, isKnown: boolean): Compared {
  return {
    kind: 'authorization',
    id: row.id,
    url: row.url,
    identifier: nameProven(row),
    names: null,
    ledger: isKnown ? row.status : null,
    ca: null,
    challenge: null,
    differs: false,
    outcome: 'same',
    reason: null,
  };
}

function nameShown({ identifier, wildcard }: Authorization): string {
  return wildcard ? `*.${identifier.value}` : identifier.value;
}

async function compareFailed(
  run: AccountRun,
  row: AuthorizationRow,
  line: Compared,
  error: AcmeLedgerError,
): Promise<Compared> {
  const isYoung = later(row.created_at, youngMs) > run.clock.now();
  if (!isGone(error) || isYoung) return { ...line, outcome: 'failed', reason: error.message };
  await recordGone(run, row.url);
  if (row.status === 'expired') return { ...line, ca: 'expired' };
  return noted(run, row, differing({ ...line, ca: 'expired', reason: 'the CA has forgotten it' }));
}

/** Both say pending: whether they agree on what was done with its challenge (RFC 8555 §7.1.6 has states for that, too). */
async function compareChallenge(
  run: AccountRun,
  row: AuthorizationRow,
  answer: Authorization,
  line: Compared,
): Promise<Compared> {
  const taken = answer.challenges.find(({ status }) => status !== 'pending');
  const shown = { ...line, challenge: { ledger: row.challenge, ca: taken?.status ?? 'pending' } };
  if (taken !== undefined && row.challenge !== 'submitted') {
    await recordFoundSubmitted(run, row.id, taken.type);
    const whose = isSubmitted(row.challenge)
      ? 'the challenge arrived'
      : 'somebody else submitted its challenge';
    return differing({ ...shown, reason: `${whose}: the CA decides, and it isn't deactivated` });
  }
  const checked = (await authorizationById(run.ledger, row.id)) ?? row;
  if (isSubmitLost(checked)) {
    return differing({
      ...shown,
      reason: `its challenge was about to be submitted at ${timeText(row.submitted_at)}, and the CA shows no trace of it: the next run settles it, or acme-ledger authz clear`,
    });
  }
  return isSlow(run, row) ? undecided(row, shown) : line;
}

function isSlow(run: AccountRun, { challenge, submitted_at }: AuthorizationRow): boolean {
  if (challenge !== 'submitted' || submitted_at === null) return false;
  return later(submitted_at, slowVerdictMs) < run.clock.now();
}

function undecided(row: AuthorizationRow, line: Compared): Compared {
  const end = row.expires_at === null ? 'when it expires' : `at ${timeText(row.expires_at)}, when it expires`;
  const reason = `its challenge was submitted at ${timeText(row.submitted_at)}, and the CA has not decided: it is left to the CA, and ends ${end}`;
  return { ...line, outcome: 'undecided', reason };
}

function differing(compared: Compared): Compared {
  return { ...compared, differs: true, outcome: 'differs' };
}

async function noted(run: AccountRun, row: AuthorizationRow, compared: Compared): Promise<Compared> {
  if (!compared.differs) return compared;
  const { ledger, ca, challenge } = compared;
  const data = { ledger, ca, ...(challenge === null ? {} : { challenge }) };
  await appendEvents(run, [{ kind: 'difference', authorizationId: row.id, accountId: row.account_id, data }]);
  return compared;
}
