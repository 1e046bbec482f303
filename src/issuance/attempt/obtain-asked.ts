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
  /** An order of an earlier attempt whose certificate can't be had now is given up at once. */
  force?: boolean;
  /** The only names of the certificate to order: those that passed a rehearsal. */
  among?: readonly string[] | undefined;
  /** How the attempt ends; by default the certificate is kept. */
  ending?: Ending;
}

/**
 * An attempt that a person asked for. With `fail`, a name whose next attempt isn't due yet is tried all the
 * same, because somebody may have mended it, but a suspended name isn't tried. With `drop`, both are left
 * out.
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

/** The names to order when a person asked for the attempt; `hopeless` are the suspended ones among them. */
export async function namesAsked(
  { ledger, account, clock }: Pick<AccountRun, 'ledger' | 'clock'> & { account: { id: number } },
  certificate: Pick<CertificateRow, 'names'>,
  { onFailedName, among = certificate.names }: Pick<AskedOptions, 'onFailedName' | 'among'>,
): Promise<{ names: readonly string[]; hopeless: readonly SuspendedName[] }> {
  const rows = await failingNames(ledger, account.id, clock.now());
  const failing = new Map(rows.map((row) => [row.value, row]));
  const suspended = among.filter((name) => failing.get(name)?.suspended_at instanceof Date);
  const choice = chooseNames(certificate, failing, { now: clock.now() });
  const well = among.filter((name) => choice.names.includes(name));
  const names = onFailedName === 'drop' && well.length > 0 ? well : among;
  const hopeless = names.filter((name) => suspended.includes(name));
  return { names, hopeless: asSuspended(hopeless, failing) };
}

/** The attempt that ends before anything is sent, because these names of it are suspended. */
export async function refused(
  run: AccountRun,
  certificate: CertificateRow,
  names: readonly SuspendedName[],
): Promise<Attempt> {
  const error = errorRecord(suspendedError(names));
  await recordFailed(run, certificate, error);
  return { status: 'failed', certificate, orderId: null, error };
}
