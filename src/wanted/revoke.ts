import { readFile } from 'node:fs/promises';
import { X509Certificate } from 'node:crypto';
import { type Authority, authorityOf } from '../acme/authorities/authorities.ts';
import type { Guard } from '../acme/session.ts';
import { openSession } from '../acme/open-session.ts';
import { factsOf } from '../certificates/certificate.ts';
import { readStored } from '../certificates/store.ts';
import { AcmeLedgerError, hasCode } from '../errors.ts';
import { systemClock } from '../clock.ts';
import { certificateByName, recordRevoked } from '../ledger/certificates/certificates.ts';
import { type CertificatePause, pauseOf } from '../ledger/certificates/pauses.ts';
import { issuersOf } from '../ledger/certificates/issuers.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withLedger } from '../run/open-ledger.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { withAccountRun } from '../run/open-account.ts';
import { sessionOptions } from '../run/session-options.ts';
import { wantedCertificate } from './wanted-certificate.ts';

type Outcome = 'revoked' | 'already-revoked';

export interface Revoked {
  name: string;
  /** The serial number that the ledger has for it. */
  serial: string | null;
  outcome: Outcome;
  /** False: a renewal has put another in its place meanwhile, or it is paused. */
  replacedByRenew: boolean;
  paused: CertificatePause | null;
}

/** Revokes the certificate of that name, as `revoke` does. */
export async function revokeWanted(context: CommandContext, name: string, reason: number): Promise<Revoked> {
  const row = await withLedger(context.settings, (ledger) => wantedCertificate(ledger, name));
  const outcome = await revoke(context, row, reason);
  const after = await withLedger(context.settings, (ledger) => certificateByName(ledger, name));
  const paused = after === undefined ? null : pauseOf(after, systemClock.now());
  const isRevoked = after?.removed_at === null && after.revoked_at !== null;
  return { name, serial: row.serial, outcome, replacedByRenew: isRevoked && paused === null, paused };
}

/**
 * RFC 8555 §7.6, signed by the account that the certificate was issued to; where that account was lost, with the key of the
 * certificate itself.
 */
async function revoke(
  context: CommandContext,
  certificate: CertificateRow,
  reason: number,
): Promise<Outcome> {
  const stored = await readStored(context.settings.stateDir, certificate.name);
  if (stored === null) {
    throw new AcmeLedgerError('not-found', `no certificate is stored for ${certificate.name}`, {
      hint: 'acme-ledger cert list',
    });
  }
  const leaf = new X509Certificate(await readFile(stored.paths.cert));
  const options = { command: 'cert revoke', mayRegister: false };
  const issuers = await withLedger(context.settings, (ledger) => issuersOf(ledger, [certificate]));
  const issuer = authorityOf(issuers.get(certificate.name) ?? certificate.ca);
  const { serial } = factsOf(leaf);
  try {
    return await withAccountRun(context, issuer, options, async (run) => {
      const outcome = await run.session.revokeCertificate(leaf.raw, reason, guardOf(context));
      await recordRevoked(run, certificate.name, serial);
      return outcome;
    });
  } catch (error) {
    const { privkey } = stored.paths;
    if (!hasCode(error, 'ca-account') || privkey === null) throw error;
    context.log.warn({}, `${error.message}; revoking with the key of the certificate itself`);
    const keyPem = await readFile(privkey, 'utf8');
    return withLedgerWriter(context, options.command, async (writer) => {
      const outcome = await revokeByItsKey(context, issuer, { der: leaf.raw, keyPem, reason });
      await recordRevoked(writer, certificate.name, serial);
      return outcome;
    });
  }
}

async function revokeByItsKey(
  context: CommandContext,
  issuer: Authority,
  { der, keyPem, reason }: { der: Buffer; keyPem: string; reason: number },
): Promise<Outcome> {
  const session = await openSession({ ...sessionOptions(context, issuer), accountKeyPem: keyPem });
  try {
    return await session.revokeCertificate(der, reason, guardOf(context));
  } finally {
    session.close();
  }
}

/** After a signal nothing is begun, however long the request has waited by then. */
function guardOf({ stops }: CommandContext): Guard {
  return {
    assertAllowed: async () => {
      stops.work.throwIfAborted();
      await Promise.resolve();
    },
    signal: stops.grace,
  };
}
