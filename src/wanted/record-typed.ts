import { authorityOf } from '../acme/authorities/authorities.ts';
import { certificateByName, isWantedAlike } from '../ledger/certificates/certificates.ts';
import { wantedOf } from '../ledger/certificates/wanted-row.ts';
import type { LedgerWriter } from '../ledger/writer.ts';
import { inTransaction } from '../ledger/writer.ts';
import { printable } from '../printable.ts';
import type { CommandContext } from '../run/run-context.ts';
import { shellWord } from '../shell-word.ts';
import { tellChanges } from './changes.ts';
import { isOvertaken, overtakenError } from './overtaken.ts';
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
  const { wanted, changes, found } = typed;
  const { recorded, isWritten } = await inTransaction(writer, async (tx) => {
    const now = await certificateByName(tx.ledger, wanted.name);
    // What was typed was laid over the certificate as it was found.
    if (isOvertaken(now, wanted, found === null ? undefined : wantedOf(found)))
      throw overtakenError(wanted.name);
    const isThere = now !== undefined && isWantedAlike(now, wanted);
    return { recorded: await record(tx), isWritten: !isThere };
  });
  if (isWritten) tellChanges(context, wanted.name, changes);
  tellKeptCa(context, typed);
  return recorded;
}

/** A certificate that was tried at a staging, say, isn't meant to stay there for ever. */
function tellKeptCa({ output, settings }: CommandContext, { wanted, keptCa }: TypedCertificate): void {
  if (keptCa === null) return;
  const [there, usual] = [authorityOf(keptCa), authorityOf(settings.ca)];
  output.conclude(
    `${wanted.name} stays at ${there.label}, as it was asked for; --ca ${shellWord(printable(settings.ca))} moves it to ${usual.label}`,
  );
}
