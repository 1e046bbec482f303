import { errorRecord } from '../errors.ts';
import { resumeHint, suspendedError, suspendedText } from '../issuance/names/suspended-names.ts';
import { recordFailed } from '../ledger/certificates/certificate-failures.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { inTransaction } from '../ledger/writer.ts';
import type { LeftAlone } from '../plan/find-due.ts';
import type { CommandContext } from '../run/run-context.ts';
import { withLedgerWriter } from '../run/ledger-writing.ts';
import { counted } from '../printable.ts';

const shownMost = 5;

/** Tells why nothing happens with these certificates. */
export function tellLeftAlone({ output }: CommandContext, leftAlone: readonly LeftAlone[]): void {
  for (const { certificate, names } of leftAlone.slice(0, shownMost)) {
    const them = names.length === 1 ? 'it' : 'them';
    const isAll = names.length === certificate.names.length;
    const mayDrop = !isAll && certificate.csr === null;
    output.warn(
      `${certificate.name} is due and left alone: ${suspendedText(names)}`,
      `${resumeHint(names)}${mayDrop ? `; --on-failed-name drop goes on without ${them}` : ''}`,
    );
  }
  const others = leftAlone.length - shownMost;
  if (others > 0)
    output.warn(
      `${counted(others, 'more certificate')} ${others === 1 ? 'is' : 'are'} due and left alone for such names`,
      'acme-ledger cert list has them, acme-ledger name list --suspended their names',
    );
}

/**
 * Warns once of each certificate, also under cron, and writes that down as the certificate's last error:
 * later runs are silent about it, and `cert list` and `status` show it.
 * @param options.isAskedFor a person named the certificates: they are warned of in any case
 */
export async function tellNewlyLeftAlone(
  context: CommandContext,
  leftAlone: readonly LeftAlone[],
  { isAskedFor }: { isAskedFor: boolean },
): Promise<void> {
  const news = leftAlone.filter(({ certificate }) => !isKnown(certificate));
  tellLeftAlone(context, isAskedFor ? leftAlone : news);
  if (news.length === 0) return;
  await withLedgerWriter(context, 'renew', (writer) =>
    inTransaction(writer, async (tx) => {
      for (const { certificate, names } of news)
        await recordFailed(tx, certificate, errorRecord(suspendedError(names)));
    }),
  );
}

function isKnown({ last_error: error }: CertificateRow): boolean {
  return error !== null && error.code === 'name-suspended';
}
