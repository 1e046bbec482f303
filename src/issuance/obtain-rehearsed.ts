import { AcmeLedgerError } from '../errors.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { namesOf } from './collect.ts';
import type { Issuance } from './issuance.ts';
import type { AskedOptions } from './obtain-asked.ts';
import { namesAsked, obtainAsked } from './obtain-asked.ts';
import type { Attempt } from './obtain.ts';
import { rehearse, type Stage } from './rehearsing.ts';

/** An attempt that a person asked for, with the names that pass its rehearsal. */
export async function obtainRehearsed(
  issuance: Issuance,
  stage: Stage,
  certificate: CertificateRow,
  options: Pick<AskedOptions, 'onFailedName' | 'waitMs'>,
): Promise<Attempt> {
  const among = await namesToRehearse(stage, certificate, options);
  const rehearsed = await rehearse(issuance, stage, certificate, among, (there) =>
    obtainAsked(there, certificate, { ...options, among }),
  );
  return 'ended' in rehearsed
    ? rehearsed.ended
    : obtainAsked(issuance, certificate, { ...options, among: rehearsed.names });
}

async function namesToRehearse(
  { issuance }: Stage,
  certificate: CertificateRow,
  options: Pick<AskedOptions, 'onFailedName'>,
): Promise<readonly string[]> {
  if (issuance instanceof AcmeLedgerError) return namesOf(certificate);
  return (await namesAsked(issuance, certificate, options)).names;
}
