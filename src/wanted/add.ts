import { adoptStored } from '../issuance/certificate/adopt-stored.ts';
import { recordAllWanted } from '../ledger/certificates/wanted.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import type { CommandContext } from '../run/run-context.ts';
import type { CertificateOptions } from '../settings/certificate-fields.ts';
import { typedCertificate } from './typed.ts';

export interface Added {
  name: string;
  names: readonly string[];
  outcome: string;
  /** The end of the stored certificate that was taken over for it; null where there was none. */
  adoptedUntil: Date | null;
}

/** Writes down that the certificate of a command line is wanted; nothing is sent. @throws AcmeLedgerError with exit code 2 */
export async function addWanted(
  context: CommandContext,
  names: readonly string[],
  options: CertificateOptions,
): Promise<Added> {
  const { wanted } = await typedCertificate(context, names, options);
  return withLedgerWriter(context, 'cert add', async (writer) => {
    const [compared] = await recordAllWanted(writer, [wanted], 'command');
    const isNew = compared !== undefined && compared.before === undefined;
    const adoptedUntil = isNew ? await adoptStored(writer, context.settings.stateDir, wanted) : null;
    return {
      name: wanted.name,
      names: wanted.names,
      outcome: compared?.outcome ?? 'unchanged',
      adoptedUntil,
    };
  });
}
