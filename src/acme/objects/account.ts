import { requiredFields, textOf, urlOf } from './fields.ts';
import type { Account } from './resources.ts';

/** RFC 8555 §7.1.2. @throws AcmeLedgerError `ca-answer` */
export function parseAccount(data: unknown, url: string): Account {
  const fields = requiredFields(data, 'account');
  // §7.1.2 requires a status; without one the account answered, so it works.
  const status = textOf(fields['status']) ?? 'valid';
  return { url, status, ordersUrl: urlOf(fields['orders'], url) };
}
