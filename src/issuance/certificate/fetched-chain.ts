import { later } from '../../clock.ts';
import type { KeyObject } from 'node:crypto';
import type { Chain } from '../../acme/objects/resources.ts';
import { readCsr } from '../../certificates/given-csr.ts';
import { chooseChain } from '../../certificates/chain-choice.ts';
import { asFinal, flawOf } from '../../certificates/chain-flaw.ts';
import { assertIssued, type IssuedFacts } from '../../certificates/issued-chain.ts';
import { publicKeyOf } from '../../certificates/key.ts';
import type { OrderFiles } from '../../certificates/order-files.ts';
import { AcmeLedgerError } from '../../errors.ts';
import { parseName } from '../../identifiers.ts';
import type { OrderRow } from '../../ledger/schema.ts';
import type { AccountRun } from '../account-run.ts';

/** After these pauses a chain that isn't whole is fetched again: it may have been spoiled on its way. */
const fetchAgainMs = [1_000, 4_000];
/**
 * How long after finalize an order is kept whose certificate isn't handed out by the CA, or isn't yet valid.
 */
const collectForMs = 86_400_000;

export interface FetchOptions {
  /** Common name of the chain's top issuer; null: the CA's default. */
  preferredChain: string | null;
  download?: Promise<Chain[]> | undefined;
}

export interface FetchedChain {
  pem: string;
  facts: IssuedFacts;
}

/**
 * The certificate of a valid order, checked against the request.
 * @param options.download the certificate's chains, where their download has begun already
 * @throws AcmeLedgerError `store`, or the CA's error; `canNeverBeStored` tells whether another try is of any
 *   use
 */
export async function fetchIssued(
  run: AccountRun,
  order: OrderRow,
  files: OrderFiles,
  options: FetchOptions,
): Promise<FetchedChain> {
  const { certificate_url: url } = order;
  if (url === null) throw new AcmeLedgerError('order-failed', 'the order has no certificate URL');
  for (let fetches = 0; ; fetches += 1) {
    try {
      const first = fetches === 0 ? options.download : undefined;
      const chains = await (first ?? downloadChains(run, options.preferredChain, url));
      return await checked(run, order, { files, chains, preferredChain: options.preferredChain });
    } catch (error) {
      const pauseMs = flawOf(error) === 'broken' ? fetchAgainMs[fetches] : undefined;
      if (pauseMs === undefined) throw judged(run, order, error);
      await run.clock.sleep(pauseMs, run.stops.work);
    }
  }
}

/** Whether an order's certificate can never be stored: the order is then given up and made anew. */
export function canNeverBeStored(error: unknown): boolean {
  return flawOf(error) === 'final';
}

/**
 * Whether an error is about the order's certificate, and not the network, a limit, a signal or the ledger.
 */
export function isUncollected(order: OrderRow, error: unknown): error is AcmeLedgerError {
  if (order.finalize_sent_at === null || !(error instanceof AcmeLedgerError)) return false;
  return flawOf(error) !== null || ['ca-answer', 'ca-problem', 'order-failed'].includes(error.code);
}

/**
 * The error of a certificate, final once it hasn't changed for a day or three fetches: it stays wrong then.
 */
export function judged(run: AccountRun, order: OrderRow, error: unknown): unknown {
  if (!isUncollected(order, error) || canNeverBeStored(error)) return error;
  const { finalize_sent_at: sentAt } = order;
  const isOver = sentAt !== null && later(sentAt, collectForMs) <= run.clock.now();
  return flawOf(error) === 'broken' || isOver ? asFinal(error) : error;
}

/** The chains that the certificate may be stored with (RFC 8555 §7.4.2). */
export function downloadChains(
  run: AccountRun,
  preferredChain: string | null,
  url: string,
): Promise<Chain[]> {
  const alternates = preferredChain !== null;
  return run.session.downloadChains(url, { alternates }, run.stops.grace);
}

async function checked(
  run: AccountRun,
  order: OrderRow,
  { files, chains, preferredChain }: { files: OrderFiles; chains: Chain[]; preferredChain: string | null },
): Promise<FetchedChain> {
  const [first, ...others] = chains;
  if (first === undefined) throw new AcmeLedgerError('ca-answer', 'the CA answered no certificate chain');
  const { chain, found } = chooseChain([first, ...others], preferredChain);
  if (!found) run.log.warn({ wanted: preferredChain }, 'the CA offers no such chain; its default is stored');
  const facts = assertIssued(chain.pem, {
    identifiers: order.names.map(parseName),
    publicKey: await publicKeyIn(files),
    now: run.clock.wallNow(),
  });
  return { pem: chain.pem, facts };
}

async function publicKeyIn({ publicKey, keyPem, csrDer }: OrderFiles): Promise<KeyObject> {
  return publicKey ?? (keyPem === null ? (await readCsr(csrDer)).publicKey : publicKeyOf(keyPem));
}
