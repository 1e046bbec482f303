import { timeText } from '../../clock.ts';
import { laterHint } from '../../acme/objects/problems.ts';
import { type Life, boundedWait } from '../../bounded-wait.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import { identifierSetKey } from '../../identifiers.ts';
import { endHold, holdsOf, moveHolds, recordHold } from '../../ledger/limits/holds.ts';
import type { HoldRow } from '../../ledger/schema.ts';
import type { LedgerWriter } from '../../ledger/writer.ts';
import { inTransaction } from '../../ledger/writer.ts';
import { shellWords } from '../../shell-word.ts';
import { unpauseUrl } from '../../ca-pause.ts';
import type { Charge } from './charges.ts';
import { type Exemption, exemptionOf, isFreeOf } from './exemption.ts';
import { accountPausedLimit, notePause } from './pauses.ts';
import { emptyToldBucket, forRenewalsToo, refillToldBucket } from './told-bucket.ts';
import { type Asked, type AnnouncedLimit, isUnder, pausedLimit, announcedLimit } from './announced-limit.ts';

export interface Heeding {
  /** Of the certificate that waits; null when none is stored. */
  life?: Life | null;
  /** Holds noted until then don't count (`AccountRun.overridesHoldsUntil`). */
  overriddenUntil?: Date | undefined;
}

/**
 * The hold that forbids this request to the CA now, because a run of this ledger was told to come back later;
 * null when there is none. A hold that the certificate can't wait for any longer is ended: the request is
 * sent, and the CA's new answer counts for everybody.
 */
export async function holdAgainst(
  writer: LedgerWriter,
  accountId: number,
  asked: Asked,
  { life = null, overriddenUntil }: Heeding = {},
): Promise<HoldRow | null> {
  const now = writer.clock.now();
  const all = await holdsOf(writer.ledger, accountId, now);
  const holds = all.filter((hold) => !isOverridden(hold, overriddenUntil));
  if (holds.length === 0) return null;
  // The clock went back: the holds are moved to its new time, from which on their waits pass.
  if (holds.some(({ noted_at }) => noted_at.getTime() === now.getTime())) await moveHolds(writer, accountId);
  const exemption =
    asked.kind === 'newOrder' ? await exemptionOf(writer.ledger, accountId, asked, now) : notExempt;
  const bounded = holds.map((hold) => forCertificate(hold, life));
  for (const { id, not_before } of bounded.filter((hold) => concerns(hold, asked, exemption))) {
    if (not_before <= now) await endHold(writer, id);
  }
  return holdAmong(bounded, asked, { exemption, now });
}

function isOverridden({ noted_at }: HoldRow, until: Date | undefined): boolean {
  return until !== undefined && noted_at <= until;
}

/**
 * Ends the holds that a run went past by a person's wish, once the CA has made the order in spite of them: they
 * bind nobody any more, and neither do the counts that they emptied.
 * @param charges those of the order
 */
export async function endOverridden(
  writer: LedgerWriter & { overridesHoldsUntil?: Date },
  accountId: number,
  asked: Asked,
  charges: readonly Charge[],
): Promise<void> {
  const until = writer.overridesHoldsUntil;
  if (until === undefined) return;
  await inTransaction(writer, async (tx) => {
    for (const hold of await holdsOf(tx.ledger, accountId, tx.clock.now())) {
      if (!isOverridden(hold, until) || !concerns(hold, asked, notExempt)) continue;
      await endHold(tx, hold.id);
      await refillToldBucket(tx, accountId, { ...hold, limit: hold.limit_name }, charges);
    }
  });
}

const notExempt: Exemption = { isRenewal: false, replacesInWindow: false };

/** A hold as it is for a certificate: no wait goes past the time that the certificate's life allows. */
export function forCertificate(hold: HoldRow, life: Life | null): HoldRow {
  if (life === null) return hold;
  const bounded = boundedWait(hold.not_before, hold.noted_at, life);
  return { ...hold, not_before: bounded < hold.not_before ? bounded : hold.not_before };
}

/** @returns the hold against the request that ends last */
export function holdAmong(
  holds: readonly HoldRow[],
  asked: Asked,
  { exemption = notExempt, now }: { exemption?: Exemption; now: Date },
): HoldRow | null {
  const [last] = holds
    .filter((hold) => hold.not_before > now && concerns(hold, asked, exemption))
    .sort((one, other) => (one.not_before < other.not_before ? 1 : -1));
  return last ?? null;
}

function concerns({ scope, subject, limit_name }: HoldRow, asked: Asked, exemption: Exemption): boolean {
  const names = asked.kind === 'newOrder' ? asked.identifiers : [];
  if (isFreeOf(limit_name, exemption)) return false;
  switch (scope) {
    case 'requests':
      return true;
    case 'registration':
      return asked.kind === 'newAccount';
    case 'orders':
      return asked.kind === 'newOrder';
    case 'domain':
      return names.some(({ value }) => isUnder(value, subject));
    case 'name':
      return names.some(({ value }) => value === subject);
    case 'names':
      return asked.kind === 'newOrder' && identifierSetKey(names) === subject;
  }
}

/**
 * Records the hold that a refusal of the CA asks of every run on this ledger.
 * @returns the error to throw instead, whose `retryAt` is the recorded moment; null when it asks for nothing
 */
export async function noteHold(
  writer: LedgerWriter,
  accountId: number,
  asked: Asked,
  error: unknown,
): Promise<AcmeLedgerError | null> {
  if (!(error instanceof AcmeLedgerError)) return null;
  const told = announcedLimit(error, asked, writer.clock.now());
  // An error made from a hold is in the ledger already.
  if (told === null || heard.has(error)) return null;
  return inTransaction(writer, async (tx) => {
    if (told.limit === pausedLimit && asked.kind === 'newOrder') {
      const { lookAt, account } = await notePause(tx, accountId, { told, names: asked.identifiers, error });
      return account === null ? at(error, lookAt) : heldError(account, { isSent: true });
    }
    const limit = await limitFor(tx, accountId, asked, told);
    const hold = { accountId, ...told, limit, error: errorRecord(error) };
    const notBefore = await recordHold(tx, hold);
    await emptyToldBucket(tx, accountId, hold);
    return at(error, notBefore);
  });
}

/**
 * The name of the limit for the hold: when an order that should be free of the limit was refused for it, no
 * order is free of it then.
 */
async function limitFor(
  { ledger, clock }: LedgerWriter,
  accountId: number,
  asked: Asked,
  { limit }: AnnouncedLimit,
): Promise<string> {
  if (asked.kind !== 'newOrder') return limit;
  const exemption = await exemptionOf(ledger, accountId, asked, clock.now());
  return isFreeOf(limit, exemption) ? forRenewalsToo(limit) : limit;
}

/** The refusal with the moment at which the CA is asked again, as in the message, the hint and the ledger. */
function at(error: AcmeLedgerError, retryAt: Date): AcmeLedgerError {
  const { code, message, hint, problem, httpStatus } = error;
  return new AcmeLedgerError(code, message, {
    cause: error,
    retryAt,
    ...(hint === undefined || hint === laterHint ? {} : { hint }),
    ...(problem === undefined ? {} : { problem }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  });
}

/** The order that a hold stands against: its names, and its certificate's name. */
interface HeldOrder {
  names: readonly string[];
  certificateName: string;
}

/** A person may type so many names once more. */
const typedMost = 5;

/** The command with which a person has the CA asked for the order in spite of a hold. */
function askNow({ names, certificateName }: HeldOrder): string {
  const own = certificateName === names[0] ? [] : ['--cert-name', certificateName];
  return names.length > typedMost
    ? 'acme-ledger issue with its names and --now'
    : `acme-ledger issue ${shellWords([...names, ...own, '--now'])}`;
}

/**
 * The refusal of a hold, as an error again.
 * @param options.isSent it is the CA's own, of this moment; else nothing was sent
 * @param options.order what is held, where that is an order
 */
export function heldError(
  hold: HoldRow,
  { isSent = false, order }: { isSent?: boolean; order?: HeldOrder } = {},
): AcmeLedgerError {
  const { message, problem, hint } = hold.error;
  // A pause is ended by a person at the CA's page, which its own hint says.
  const mayAsk = order !== undefined && unpauseUrl(problem) === null;
  const isAccount = hold.limit_name === accountPausedLimit;
  const error = new AcmeLedgerError(
    isAccount ? 'account-paused' : 'ca-limit',
    `${whyHeld(hold)}: ${message}`,
    {
      hint: [
        ...(isSent ? [] : ['nothing was sent now']),
        ...(hint === null ? [] : [hint]),
        ...(mayAsk ? [`${askNow(order)} asks the CA all the same, once`] : []),
      ].join('; '),
      retryAt: hold.not_before,
      ...(problem === null ? {} : { problem }),
    },
  );
  heard.add(error);
  return error;
}

/** Why a request is held; the text claims nothing that the CA hasn't said. */
function whyHeld({ error, limit_name, ...row }: HoldRow): string {
  const { problem, retryAt } = error;
  const [notedAt, notBefore] = [timeText(row.noted_at), timeText(row.not_before)];
  if (limit_name === accountPausedLimit)
    return `the CA refuses all new orders of the account as paused; it is asked again at ${notBefore}`;
  if (unpauseUrl(problem) !== null)
    return `the CA paused these names (said at ${notedAt}); it is asked again at ${notBefore}`;
  return retryAt === null
    ? `the CA refused it at ${notedAt} for now, and is asked again at ${notBefore} (${limit_name})`
    : `the CA asked at ${notedAt} not to be asked before ${notBefore} (${limit_name})`;
}

/** The CA's refusal of an order that a person had it asked for in spite of its holds. */
export function refusedAgain(error: AcmeLedgerError): AcmeLedgerError {
  const { code, message, hint, problem, retryAt, httpStatus } = error;
  const until = retryAt === undefined ? 'now' : `until ${timeText(retryAt)}`;
  const meaning = `asked with --now, the CA refused it: every run on this ledger waits ${until}, and asking again may lengthen that`;
  return new AcmeLedgerError(code, message, {
    cause: error,
    hint: hint === undefined ? meaning : `${meaning}; ${hint}`,
    ...(problem === undefined ? {} : { problem }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(httpStatus === undefined ? {} : { httpStatus }),
  });
}

const heard = new WeakSet<AcmeLedgerError>();
