import pLimit from 'p-limit';
import type { RenewalInfo } from '../acme/renewal-info.ts';
import { renewalIdentifierOf } from '../certificates/renewal-identifier.ts';
import { isPassingFault } from '../error-kinds.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import type { Learned } from '../ledger/certificates/renewal-info.ts';
import { recordRenewalInfo } from '../ledger/certificates/renewal-info.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { allOrFirstError } from '../issuance/waiting/concurrency.ts';
import type { Log } from '../log-and-stops.ts';
import { learned, notLearned, nothingToLearn } from './ari-schedule.ts';

/** The parts that asking one CA for renewal information needs. */
export interface RenewalSource extends LedgerWriter {
  stateDir: string;
  log: Log;
  signal: AbortSignal;
  /**
   * The CA's answer about one certificate, throws AcmeLedgerError; null for a CA that has no renewal
   * information.
   */
  ask: ((ariId: string) => Promise<RenewalInfo>) | null;
  /** Whether there is time for another question. */
  mayAsk: () => boolean;
}

/** Requests at once. */
const concurrency = 8;
/**
 * Answers that are written together. A run that is killed loses no more answers than that, and they can be
 * had again.
 */
const batchSize = 200;
/**
 * Faults in a row after which no more is asked: one fault may be bad luck, after three the CA has trouble,
 * and ten thousand time-outs would take hours.
 */
const faultsMax = 3;

/**
 * Asks one CA when to renew these certificates, and writes the answers down. The answers are advice: after
 * any failure a certificate is asked for again later, and what was known before holds.
 * @param certificates those whose time to ask has come; the one that waits longest goes first
 * @throws AcmeLedgerError when the ledger can't be written
 */
export async function askRenewalInfo(
  source: RenewalSource,
  certificates: readonly CertificateRow[],
): Promise<void> {
  const asking = new Asked(source);
  const limit = pLimit(concurrency);
  const waiting = [...certificates].sort((one, other) =>
    (one.ari_ask_at ?? '') < (other.ari_ask_at ?? '') ? -1 : 1,
  );
  await allOrFirstError(waiting.map((certificate) => limit(() => asking.one(certificate))));
  await asking.write();
}

/**
 * Why no more certificates are asked for. `left`: the next run asks for the rest; `fault`: the rest waits as
 * if each had met that fault.
 */
type End = { kind: 'left' } | { kind: 'fault'; error: AcmeLedgerError };

class Asked {
  readonly #source: RenewalSource;
  #learned: Learned[] = [];
  #end: End | null = null;
  #faults = 0;

  constructor(source: RenewalSource) {
    this.#source = source;
  }

  async one(certificate: CertificateRow): Promise<void> {
    const { clock, signal } = this.#source;
    if (signal.aborted || !this.#source.mayAsk()) this.#end ??= { kind: 'left' };
    if (this.#end?.kind === 'left') return;
    const columns =
      this.#end === null
        ? await this.#ask(certificate)
        : notLearned(certificate, this.#end.error, clock.now());
    if (columns === null) return;
    this.#learned.push({ certificate, columns });
    if (this.#learned.length >= batchSize) await this.write();
  }

  async write(): Promise<void> {
    const learnedNow = this.#learned;
    this.#learned = [];
    await recordRenewalInfo(this.#source, learnedNow);
  }

  /**
   * @returns the columns that change; null when nothing was learned of the certificate, so that the next run
   * asks again
   */
  async #ask(certificate: CertificateRow): Promise<Learned['columns'] | null> {
    const { ask, clock, log } = this.#source;
    const ariId = ask === null ? null : (certificate.ari_id ?? (await this.#idOf(certificate)));
    if (ask === null || ariId === null) return nothingToLearn(clock.now());
    try {
      const info = await ask(ariId);
      this.#faults = 0;
      return { ...learned(certificate, info, clock.now(), Math.random), ari_id: ariId };
    } catch (error) {
      if (!(error instanceof AcmeLedgerError)) throw error;
      if (this.#source.signal.aborted) return null;
      log.debug({ certificate: certificate.name, error: errorRecord(error) }, 'no renewal information');
      return this.#failed(certificate, ariId, error);
    }
  }

  #failed(certificate: CertificateRow, ariId: string, error: AcmeLedgerError): Learned['columns'] | null {
    this.#faults = isPassingFault(error) ? this.#faults + 1 : 0;
    // The CA said when to come back: none of the other certificates is asked for before.
    const isAsked = error.code === 'ca-limit';
    if (isAsked || this.#faults >= faultsMax) this.#end ??= { kind: 'fault', error };
    return { ...notLearned(certificate, error, this.#source.clock.now()), ari_id: ariId };
  }

  /**
   * Null for a certificate that isn't on disk as the ledger has it, or whose issuer left its key identifier
   * out.
   */
  async #idOf({ name, serial }: CertificateRow): Promise<string | null> {
    const { stateDir, log } = this.#source;
    try {
      return await renewalIdentifierOf(stateDir, { name, serial });
    } catch (error) {
      log.debug({ certificate: name, error: errorRecord(error) }, 'no identifier for renewal information');
      return null;
    }
  }
}
