import { later } from '../../clock.ts';
import { AcmeLedgerError, errorRecord } from '../../errors.ts';
import type { StoreVerdict } from '../../ledger/certificates/store-verdict.ts';
import { orderById } from '../../ledger/orders/orders.ts';
import type { CertificateRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';
import { cleanUpPresentations } from '../answers/take-down.ts';
import { isFreed } from '../authorization/stuck-validation.ts';
import { validationMs } from '../authorization/verdicts.ts';
import { authorizeAndMakeKey } from '../certificate/authorize-with-key.ts';
import { giveUpUncollected } from '../certificate/collect.ts';
import { downloadChains, canNeverBeStored, isUncollected, judged } from '../certificate/fetched-chain.ts';
import { finalizeWithKey } from '../certificate/finalize-with-key.ts';
import { settleOrder } from '../order/settle.ts';
import type { AdmittedOrder, PlacedOrder } from '../placed-order.ts';
import { allOrFirstError } from '../waiting/concurrency.ts';
import type { Attempt } from './attempt.ts';
import { endInFailure } from './failure.ts';
import { keeping, storedMeanwhile } from './ending-kept.ts';
import { place, type PlaceOptions } from './place.ts';

export interface ObtainOptions extends Omit<PlaceOptions, 'ending'> {
  /** How the attempt ends; by default the certificate is kept. */
  ending?: PlaceOptions['ending'];
}

/**
 * One attempt to obtain one certificate (steps 2 to 9 of ARCHITECTURE.md). Whatever happens, everything that
 * the attempt opened is settled when this returns, and the certificate that stood before stands until the new
 * one replaces it.
 */
export async function obtain(
  run: AccountRun,
  certificate: CertificateRow,
  { ending = keeping, ...rest }: ObtainOptions,
): Promise<Attempt> {
  const options = { ...rest, ending };
  const first = await obtainOnce(run, certificate, options);
  if (!('givenUp' in first)) return first;
  // The first order is given up: it was of an earlier attempt, or the CA doesn't end a validation of it.
  const second = await obtainOnce(run, certificate, { ...options, isSecond: true });
  if (!('givenUp' in second)) return second;
  throw new AcmeLedgerError('bug', 'a second attempt asked for a third');
}

async function obtainOnce(
  run: AccountRun,
  certificate: CertificateRow,
  options: PlaceOptions & { isSecond?: boolean },
): Promise<Attempt | { givenUp: AdmittedOrder }> {
  const placement = await place(run, certificate, options);
  const admitted = placement.is === 'stored-meanwhile' ? null : placement.admitted;
  try {
    if (placement.is === 'stored-meanwhile') return await storedMeanwhile(run, certificate);
    if (placement.is === 'failed') throw placement.error;
    const { placed } = placement;
    run.log.info({ order: placed.row.id, url: placed.answer.url }, `${certificate.name}: has its order`);
    const verdict = await complete(run, certificate, placed, options);
    return await options.ending.attemptOf(run, certificate, placed.row, verdict);
  } catch (error) {
    if (admitted !== null && (await isGivenUp(run, admitted, options, error))) return { givenUp: admitted };
    const order = admitted?.order ?? null;
    return endInFailure(run, certificate, { order, error, ending: options.ending });
  }
}

/**
 * Whether the order is given up, so that another can be made: an order of an earlier attempt whose
 * certificate can't be had any more, or an order with a validation that the CA doesn't end.
 */
async function isGivenUp(
  run: AccountRun,
  { order: { id }, isNew }: AdmittedOrder,
  { isForced = false, isSecond = false }: PlaceOptions & { isSecond?: boolean },
  error: unknown,
): Promise<boolean> {
  if (isSecond || run.stops.work.aborted) return false;
  if (isFreed(error)) return isSettledForAnother(run, id, error);
  if (isNew) return false;
  const order = await orderById(run.ledger, id);
  if (order === undefined) return false;
  if (!canNeverBeStored(judged(run, order, error)) && !(isForced && isUncollected(order, error)))
    return false;
  run.log.warn({ order: id, error: errorRecord(error) }, 'the order is given up, and made anew');
  await giveUpUncollected(run, order, error);
  return true;
}

async function isSettledForAnother(run: AccountRun, id: number, error: AcmeLedgerError): Promise<boolean> {
  const order = await orderById(run.ledger, id);
  if (order === undefined) return false;
  run.log.warn({ order: id, error: errorRecord(error) }, `${error.message}; it is ordered anew`);
  const verdictsUntil = later(run.clock.now(), validationMs);
  return (await settleOrder(run, order, { policy: run.policy, verdictsUntil, error })) === null;
}

/** Steps 4 to 9: the names proven, the order finalized, the answers taken down, the certificate collected. */
async function complete(
  run: AccountRun,
  certificate: CertificateRow,
  placed: PlacedOrder,
  { ending, whileWaiting }: PlaceOptions,
): Promise<StoreVerdict> {
  const { authorized, files, isFinalizeRecorded } = await authorizeAndMakeKey(run, certificate, placed);
  run.log.info({ order: placed.row.id }, `${certificate.name}: every name is proven`);
  const preferredChain = ending.preferredChainOf(certificate);
  const download = (url: string) => downloadChains(run, preferredChain, url);
  const finalizing = finalizeWithKey(run, certificate, authorized, files, {
    isRecorded: isFinalizeRecorded,
    download,
    whileWaiting,
  });
  const takingDown = cleanUpPresentations(run, placed.row.id);
  const [finalized] = await allOrFirstError([finalizing, takingDown] as const).catch(
    async (error: unknown) => {
      // No request is left behind.
      await finalizing.then(({ placed: { chains } }) => chains).catch(() => undefined);
      throw error;
    },
  );
  const { placed: issued, files: used } = finalized;
  return ending.collect(run, certificate, issued.row, used, issued.chains);
}
