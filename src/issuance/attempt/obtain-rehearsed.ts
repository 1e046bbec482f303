import { AcmeLedgerError } from '../../errors.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import type { AskedOptions } from './obtain-asked.ts';
import { namesAsked, obtainAsked, refused } from './obtain-asked.ts';
import type { Attempt } from './attempt.ts';
import { rehearse, type Stage } from './rehearse.ts';

/** An attempt that a person asked for, with the names that pass its rehearsal. */
export async function obtainRehearsed(
  run: AccountRun,
  stage: Stage,
  certificate: CertificateRow,
  options: Pick<AskedOptions, 'onFailedName' | 'waitMs' | 'force'>,
): Promise<Attempt> {
  const own = await namesAsked(run, certificate, options);
  // A name that the CA won't be asked for isn't rehearsed.
  if (own.hopeless.length > 0) return refused(run, certificate, own.hopeless);
  const among = await namesToRehearse(stage, certificate, { ...options, among: own.names });
  const rehearsed = await rehearse(run, stage, certificate, among, (there, ending) =>
    obtainAsked(there, certificate, { ...options, among, ending }),
  );
  return 'ended' in rehearsed
    ? rehearsed.ended
    : obtainAsked(run, certificate, { ...options, among: rehearsed.names });
}

async function namesToRehearse(
  { run }: Stage,
  certificate: CertificateRow,
  options: { onFailedName: AskedOptions['onFailedName']; among: readonly string[] },
): Promise<readonly string[]> {
  if (run instanceof AcmeLedgerError) return options.among;
  return (await namesAsked(run, certificate, options)).names;
}
