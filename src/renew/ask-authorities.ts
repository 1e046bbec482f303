import { directoryCache } from '../acme/directory-cache.ts';
import { DirectorySource } from '../acme/directory-source.ts';
import { authorityOf } from '../acme/authorities/authorities.ts';
import { pacedTransport } from '../acme/http/pacer.ts';
import type { RenewalInfo } from '../acme/renewal-info.ts';
import { fetchRenewalInfo } from '../acme/renewal-info.ts';
import type { Directory } from '../acme/objects/resources.ts';
import { createTransport } from '../acme/http/transport.ts';
import { systemClock } from '../clock.ts';
import { AcmeLedgerError, errorRecord } from '../errors.ts';
import { createObey } from '../issuance/waiting/obey-retry-after.ts';
import { startRun } from '../issuance/ownership/lease.ts';
import type { RenewalSource } from './ari-questions.ts';
import { askRenewalInfo } from './ari-questions.ts';
import { accountAt } from '../ledger/accounts.ts';
import { issuersOf } from '../ledger/certificates/issuers.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import type { CommandContext } from '../run/run-context.ts';
import { openLedger } from '../run/open-ledger.ts';
import { sessionOptions } from '../run/session-options.ts';
import { limitsAt } from '../settings/limit-changes.ts';

/**
 * Certificates without an answer by then are asked for by the next run: renewing those that are due mustn't
 * wait for advice.
 */
const askingMaxMs = 300_000;
/** An answer needs no more than a look into the CA's tables. */
const answerTimeoutMs = 10_000;

/**
 * Asks the CAs when to renew these certificates (RFC 9773), some at a time, and writes the answers into the
 * ledger. Without a certificate nothing is opened and nothing sent. A failure is logged: renewing goes on
 * with what is known.
 */
export async function learnRenewalInfo(
  context: CommandContext,
  certificates: readonly CertificateRow[],
): Promise<void> {
  if (certificates.length === 0) return;
  const endsAt = performance.now() + askingMaxMs;
  try {
    await withWriter(context, async (writer) => {
      const issuers = await issuersOf(writer.ledger, certificates);
      for (const ca of new Set(issuers.values())) {
        const ofCa = certificates.filter(({ name }) => issuers.get(name) === ca);
        await askAt(context, writer, { ca, certificates: ofCa, mayAsk: () => performance.now() < endsAt });
      }
    });
  } catch (error) {
    if (!(error instanceof AcmeLedgerError)) throw error;
    context.log.warn({ error: errorRecord(error) }, 'no renewal information');
  }
}

async function withWriter(
  context: CommandContext,
  act: (writer: LedgerWriter) => Promise<void>,
): Promise<void> {
  const ledger = await openLedger(context.settings, { toWrite: true });
  try {
    const run = await startRun(ledger, systemClock, 'renew', context.record);
    try {
      await act({ ledger, runId: run.id, clock: systemClock });
    } finally {
      await run.end().catch(() => undefined);
    }
  } finally {
    await ledger.destroy();
  }
}

async function askAt(
  context: CommandContext,
  writer: LedgerWriter,
  {
    ca,
    certificates,
    mayAsk,
  }: Pick<RenewalSource, 'mayAsk'> & { ca: string; certificates: CertificateRow[] },
): Promise<void> {
  const account = await accountAt(writer.ledger, ca);
  if (account === undefined) return;
  const authority = authorityOf(ca);
  const options = sessionOptions(context, authority);
  const { pace } = limitsAt(authority, context.settings.limits);
  const unpaced = createTransport({ ...options, answerTimeoutMs });
  // The load balancer in front of the CA counts these questions like any other requests.
  const transport = pacedTransport(unpaced, pace, systemClock, () => null, options.takeTurn);
  const cache = directoryCache(options.cacheDir);
  const directories = new DirectorySource({ directoryUrl: ca, transport, clock: systemClock, cache });
  const signal = context.stops.work;
  const heed = createObey(writer, account.id, { patienceMs: 0 });
  const heeding = <T>(act: () => Promise<T>): Promise<T> => heed({ kind: 'renewalInfo' }, signal, act);
  try {
    const directory = await heeding(() => directories.get(signal)).catch(asError);
    const ask = questionTo(directory, (url, ariId) =>
      heeding(() => fetchRenewalInfo(url, ariId, transport, { now: () => systemClock.now(), signal })),
    );
    const { settings, log } = context;
    await askRenewalInfo({ ...writer, stateDir: settings.stateDir, log, signal, ask, mayAsk }, certificates);
  } finally {
    transport.close();
  }
}

function asError(error: unknown): AcmeLedgerError {
  if (error instanceof AcmeLedgerError) return error;
  throw error;
}

/** A CA whose directory can't be had answers each question with that error. */
function questionTo(
  directory: Directory | AcmeLedgerError,
  ask: (url: string, ariId: string) => Promise<RenewalInfo>,
): RenewalSource['ask'] {
  if (directory instanceof AcmeLedgerError) return () => Promise.reject(directory);
  const { renewalInfo } = directory;
  return renewalInfo === null ? null : (ariId) => ask(renewalInfo, ariId);
}
