import { errorRecord } from '../../errors.ts';
import { recordFailed } from '../../ledger/certificates/certificate-failures.ts';
import { failingNames } from '../../ledger/names/failing-names.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { chooseNames } from '../names/name-choice.ts';
import type { FailedNamePolicy } from '../../policies.ts';
import type { Attempt } from './attempt.ts';
import type { Ending } from './ending.ts';
import { obtainDropping } from './obtain-dropping.ts';
import { type SuspendedName, asSuspended, suspendedError } from '../names/suspended-names.ts';

export interface AskedOptions {
  onFailedName: FailedNamePolicy;
  waitMs: number;
  /** What an earlier attempt left, and can't be had now, is given up at once. */
  force?: boolean;
  /** Of all its names only these: the ones that passed a rehearsal. */
  among?: readonly string[] | undefined;
  /** Unless told the certificate is kept. */
  ending?: Ending;
}

/**
 * An attempt that a person asked for. With `fail` a name that isn't to be tried again yet is tried all the same: somebody may have
 * mended it; one that is suspended isn't. With `drop` both are left out.
 */
export async function obtainAsked(
  run: AccountRun,
  certificate: CertificateRow,
  { onFailedName, waitMs, among, force = false, ending }: AskedOptions,
): Promise<Attempt> {
  const { names, hopeless } = await namesAsked(run, certificate, { onFailedName, among });
  if (hopeless.length > 0) return refused(run, certificate, hopeless);
  return obtainDropping(run, certificate, {
    names,
    onFailedName,
    waitMs,
    isForced: force,
    ...(ending === undefined ? {} : { ending }),
  });
}

/** What such an attempt is for; `hopeless` are the names of it that are suspended. */
export async function namesAsked(
  { ledger, account, clock }: Pick<AccountRun, 'ledger' | 'clock'> & { account: { id: number } },
  certificate: Pick<CertificateRow, 'names'>,
  { onFailedName, among = certificate.names }: Pick<AskedOptions, 'onFailedName' | 'among'>,
): Promise<{ names: readonly string[]; hopeless: readonly SuspendedName[] }> {
  const rows = await failingNames(ledger, account.id, clock.now());
  const failing = new Map(rows.map((row) => [row.value, row]));
  const suspended = among.filter((name) => typeof failing.get(name)?.suspended_at === 'string');
  const choice = chooseNames(certificate, failing, { now: clock.now() });
  const well = among.filter((name) => choice.names.includes(name));
  const names = onFailedName === 'drop' && well.length > 0 ? well : among;
  const hopeless = names.filter((name) => suspended.includes(name));
  return { names, hopeless: asSuspended(hopeless, failing) };
}

/** It ends before anything is sent. */
export async function refused(
  run: AccountRun,
  certificate: CertificateRow,
  names: readonly SuspendedName[],
): Promise<Attempt> {
  const error = errorRecord(suspendedError(names));
  await recordFailed(run, certificate, error);
  return { status: 'failed', certificate, orderId: null, error };
}
