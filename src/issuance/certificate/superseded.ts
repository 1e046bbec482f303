import { AcmeLedgerError } from '../../errors.ts';
import type { CertificateRow, OrderRow } from '../../ledger/schema.ts';
import type { StoreVerdict } from '../../ledger/certificates/store-verdict.ts';
import { printable } from '../../printable.ts';
import { shellWord } from '../../shell-word.ts';

/** Why the certificate of an order wasn't put in place; null when it was. */
export function supersededError(
  { name }: CertificateRow,
  order: Pick<OrderRow, 'id'>,
  verdict: StoreVerdict,
): AcmeLedgerError | null {
  const subject = `the certificate of order ${String(order.id)} isn't stored: ${printable(name)}`;
  const renew = `acme-ledger renew ${shellWord(name)}`;
  switch (verdict.verdict) {
    case 'ours':
    case 'other-chain':
      return null;
    case 'removed':
      return new AcmeLedgerError('superseded', `${subject} was removed while it was being issued`, {
        hint: `acme-ledger cert add wants it again`,
      });
    case 'changed':
      return new AcmeLedgerError(
        'superseded',
        `${subject} is wanted otherwise since, and stays due for what is wanted now`,
        { hint: `${renew} orders it` },
      );
    case 'newer':
      return new AcmeLedgerError(
        'superseded',
        `${subject} got the certificate of the newer order ${String(verdict.now.order_id)} meanwhile`,
        { hint: `acme-ledger cert show ${shellWord(name)}` },
      );
  }
}
