import { isStored } from '../certificates/store.ts';
import { systemClock } from '../clock.ts';
import type { DueCertificate } from '../issuance/renewing.ts';
import { isAskDue } from '../issuance/renewal-schedule.ts';
import { byUrgency, dueOf } from '../issuance/renewing.ts';
import { listAccounts } from '../ledger/accounts.ts';
import { listCertificates } from '../ledger/certificates.ts';
import type { Ledger } from '../ledger/open.ts';
import { unsettledOrders } from '../ledger/order-queries.ts';
import type { CertificateRow } from '../ledger/schema.ts';
import { wantedCertificate } from './cert-commands.ts';
import type { CommandContext } from './context.ts';
import type { RenewOptions } from './renewing.ts';

/** What is to be done: certificates by CA, and CAs where an earlier run left something. */
export interface Work {
  due: DueCertificate[];
  notDue: number;
  authorities: string[];
  /** Certificates whose CA is to be asked now when to renew them (RFC 9773). */
  toAsk: CertificateRow[];
}

/** What the ledger says is to be done now, the most urgent first; nobody is asked. */
export async function findWork(
  context: CommandContext,
  ledger: Ledger,
  options: RenewOptions,
): Promise<Work> {
  const now = systemClock.now();
  const wanted =
    options.names.length === 0
      ? await listCertificates(ledger)
      : await Promise.all(options.names.map((name) => wantedCertificate(ledger, name)));
  const toAsk: CertificateRow[] = [];
  const due = wanted.sort(byUrgency(now)).flatMap((certificate) => {
    const isLost = !isStored(context.settings.stateDir, certificate.name, certificate.csr === null);
    const reason = dueOf(certificate, now, { all: options.all, isLost });
    if (!isLost && isAskDue(certificate, now)) toAsk.push(certificate);
    return reason === null ? [] : [{ certificate, due: reason }];
  });
  const authorities = new Set(due.map(({ certificate }) => certificate.ca));
  for (const account of await listAccounts(ledger)) {
    if (account.url !== null && (await unsettledOrders(ledger, account.id, now)).length > 0)
      authorities.add(account.ca);
  }
  return {
    due: due.slice(0, options.limit),
    notDue: wanted.length - due.length,
    authorities: [...authorities],
    toAsk: options.all ? [] : toAsk,
  };
}
