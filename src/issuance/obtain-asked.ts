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

/**
 * An attempt that a person asked for. With `fail` a name that isn't to be tried again yet is tried all the same: somebody may have
 * mended it; one that is suspended isn't. With `drop` both are left out.
 */
export async function obtainAsked(
  issuance: Issuance,
  certificate: CertificateRow,
  { onFailedName, waitMs }: { onFailedName: FailedNamePolicy; waitMs: number },
): Promise<Attempt> {
  const rows = await failingNames(issuance.ledger, issuance.account.id);
  const failing = new Map(rows.map((row) => [row.value, row]));
  const all = namesOf(certificate);
  const suspended = all.filter((name) => typeof failing.get(name)?.suspended_at === 'string');
  const choice = chooseNames(certificate, failing, { now: issuance.clock.now() });
  const names = onFailedName === 'drop' && choice.names.length > 0 ? choice.names : all;
  const hopeless = names.filter((name) => suspended.includes(name));
  if (hopeless.length > 0) return refused(issuance, certificate, hopeless);
  return obtainSurviving(issuance, certificate, { names, onFailedName, waitMs });
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
