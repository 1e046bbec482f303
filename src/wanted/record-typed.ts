import { authorityOf } from '../acme/authorities/authorities.ts';
import {
  type WantedCertificate,
  certificateByName,
  isWantedAlike,
} from '../ledger/certificates/certificates.ts';
import { wantedOf } from '../ledger/certificates/wanted-row.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { inTransaction } from '../ledger/writer.ts';
import { AcmeLedgerError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWord } from '../shell-word.ts';
import { tellChanges } from './changes.ts';
import type { TypedCertificate } from './typed.ts';

/**
 * Writes down what a person typed of a certificate, and lists what that changes of one that was there.
 * @param record writes it down, in the transaction in which the certificate was found unchanged
 * @throws AcmeLedgerError `busy` when another command has changed the certificate since it was looked up
 */
export async function recordTyped<T>(
  context: CommandContext,
  writer: LedgerWriter,
  typed: TypedCertificate,
  record: (tx: LedgerWriter) => Promise<T>,
): Promise<T> {
  const { wanted, changes } = typed;
  const { recorded, isWritten } = await inTransaction(writer, async (tx) => {
    const now = await certificateByName(tx.ledger, wanted.name);
    assertAsFound(now, typed);
    const isThere = now !== undefined && isWantedAlike(now, wanted);
    return { recorded: await record(tx), isWritten: !isThere };
  });
  if (isWritten) tellChanges(context, wanted.name, changes);
  tellKeptCa(context, typed);
  return recorded;
}

/** What was typed was laid over the certificate as it was found. */
function assertAsFound(now: CertificateRow | undefined, { wanted, found }: TypedCertificate): void {
  if (now?.removed_at !== null || isWantedAlike(now, wanted)) return;
  const before = found === null ? undefined : wantedOf(found);
  // A row that couldn't be read is written anew, whatever it holds.
  if (before === null || (before !== undefined && isWantedAlike(now, before))) return;
  throw changedMeanwhile(wanted);
}

function changedMeanwhile(wanted: WantedCertificate): AcmeLedgerError {
  const name = printable(wanted.name);
  return new AcmeLedgerError('busy', `another command has just changed the certificate ${name}`, {
    hint: `look what it is now, then type yours again: acme-ledger cert show ${shellWord(name)}`,
  });
}

/** A certificate that was tried at a staging, say, isn't meant to stay there for ever. */
function tellKeptCa({ output, settings }: CommandContext, { wanted, keptCa }: TypedCertificate): void {
  if (keptCa === null) return;
  const [there, usual] = [authorityOf(keptCa), authorityOf(settings.ca)];
  output.conclude(
    `${wanted.name} stays at ${there.label}, as it was asked for; --ca ${shellWord(printable(settings.ca))} moves it to ${usual.label}`,
  );
}
