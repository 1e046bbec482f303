import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { recordFailed } from '../ledger/certificates.ts';
import { failingNames } from '../ledger/identifiers.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { namesOf } from './collect.ts';
import type { Issuance } from './issuance.ts';
import { chooseNames } from './name-choice.ts';
import type { FailedNamePolicy } from './name-choice.ts';
import type { Attempt } from './obtain.ts';
import { obtainSurviving } from './obtain-surviving.ts';

export interface AskedOptions {
  onFailedName: FailedNamePolicy;
  waitMs: number;
  /** Of all its names only these: the ones that passed a rehearsal. */
  among?: readonly string[] | undefined;
}

/**
 * An attempt that a person asked for. With `fail` a name that isn't to be tried again yet is tried all the same: somebody may have
 * mended it; one that is suspended isn't. With `drop` both are left out.
 */
export async function obtainAsked(
  issuance: Issuance,
  certificate: CertificateRow,
  { onFailedName, waitMs, among }: AskedOptions,
): Promise<Attempt> {
  const { names, hopeless } = await namesAsked(issuance, certificate, { onFailedName, among });
  if (hopeless.length > 0) return refused(issuance, certificate, hopeless);
  return obtainSurviving(issuance, certificate, { names, onFailedName, waitMs });
}

/** What such an attempt is for; `hopeless` are the names of it that are suspended. */
export async function namesAsked(
  issuance: Issuance,
  certificate: CertificateRow,
  { onFailedName, among = namesOf(certificate) }: Pick<AskedOptions, 'onFailedName' | 'among'>,
): Promise<{ names: readonly string[]; hopeless: readonly string[] }> {
  const rows = await failingNames(issuance.ledger, issuance.account.id);
  const failing = new Map(rows.map((row) => [row.value, row]));
  const suspended = among.filter((name) => typeof failing.get(name)?.suspended_at === 'string');
  const choice = chooseNames(certificate, failing, { now: issuance.clock.now() });
  const well = among.filter((name) => choice.names.includes(name));
  const names = onFailedName === 'drop' && well.length > 0 ? well : among;
  return { names, hopeless: names.filter((name) => suspended.includes(name)) };
}

async function refused(
  issuance: Issuance,
  certificate: CertificateRow,
  names: readonly string[],
): Promise<Attempt> {
  const error = new AcmeLedgerError(
    'name-suspended',
    `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${String(names.length - 5)} more` : ''} failed for so long that no order names ${names.length === 1 ? 'it' : 'them'}; nothing was sent`,
    { hint: `once mended: acme-ledger name resume ${names.slice(0, 5).join(' ')}` },
  );
  await recordFailed(issuance, certificate.name, errorRecord(error));
  return { status: 'failed', certificate, orderId: null, error: errorRecord(error) };
}
