import { AcmeLedgerError } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { Issuance } from '../account-run.ts';
import type { AskedOptions } from './obtain-asked.ts';
import { namesAsked, obtainAsked, refused } from './obtain-asked.ts';
import type { Attempt } from './attempt.ts';
import { rehearse, type Stage } from './rehearse.ts';

/** An attempt that a person asked for, with the names that pass its rehearsal. */
export async function obtainRehearsed(
  issuance: Issuance,
  stage: Stage,
  certificate: CertificateRow,
  options: Pick<AskedOptions, 'onFailedName' | 'waitMs' | 'force'>,
): Promise<Attempt> {
  const own = await namesAsked(issuance, certificate, options);
  // Nothing that the CA won't be asked for is rehearsed.
  if (own.hopeless.length > 0) return refused(issuance, certificate, own.hopeless);
  const among = await namesToRehearse(stage, certificate, { ...options, among: own.names });
  const rehearsed = await rehearse(issuance, stage, certificate, among, (there, ending) =>
    obtainAsked(there, certificate, { ...options, among, ending }),
  );
  return 'ended' in rehearsed
    ? rehearsed.ended
    : obtainAsked(issuance, certificate, { ...options, among: rehearsed.names });
}

async function namesToRehearse(
  { issuance }: Stage,
  certificate: CertificateRow,
  options: { onFailedName: AskedOptions['onFailedName']; among: readonly string[] },
): Promise<readonly string[]> {
  if (issuance instanceof AcmeLedgerError) return options.among;
  return (await namesAsked(issuance, certificate, options)).names;
}
